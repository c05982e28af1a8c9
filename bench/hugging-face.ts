// The small model as a folder of safetensors in 16 bits, for servers that take no GGUF: made once, with vLLM's own packages.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { root } from "./peer-python.ts";

/** Where the folder is. */
export function huggingFaceFolder(gguf: string): string {
  const folder = join(root, ".cache/bench/smollm2-135m-instruct");
  if (existsSync(folder)) return folder;
  const packages = join(root, ".cache/bench/gguf-packages");
  const python = join(root, ".cache/backends/vllm/venv/bin/python");
  const uvs = join(root, ".cache/uv");
  const uv = join(uvs, readdirSync(uvs)[0] ?? "", "bin/uv");
  const wanted = ["gguf==0.19.0", "accelerate==1.15.0"];
  execFileSync(uv, ["pip", "install", "--quiet", "--no-deps", "--target", packages, ...wanted], {
    stdio: ["ignore", 2, 2],
  });
  const env = { ...process.env, PYTHONPATH: packages, HF_HUB_OFFLINE: "1" };
  execFileSync(python, [join(import.meta.dirname, "hugging_face.py"), gguf, `${folder}.part`], {
    env,
    stdio: ["ignore", 2, 2],
  });
  renameSync(`${folder}.part`, folder);
  return folder;
}
