/**
 * ONNX Runtime, silenced before it is loaded: since 1.29 it reports its use to its maker from every system, and keeps a number
 * for the device in the home folder, unless the environment says otherwise (onnxruntime's docs/Privacy.md).
 */
export function onnxRuntime(): Promise<typeof import("onnxruntime-node")> {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
  return import("onnxruntime-node");
}
