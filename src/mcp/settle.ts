import { rmSync } from "node:fs";
import { z } from "zod";
import { type ErrorKind, ToolError } from "../kernel/errors.ts";
import { ActionDetails, type AssetRef, EventBody, type Outcome } from "../kernel/record.ts";
import type { Tool } from "../kernel/tool.ts";
import { redact } from "../policy/redact.ts";
import { clean } from "../policy/text.ts";
import type { Store } from "../store/store.ts";
import { artifactsFolder, type CallState } from "./call.ts";
import { fit } from "./fit.ts";
import type { Parts } from "./parts.ts";
import { registerOutputs } from "./references.ts";

const RECORDED_CHARACTERS = 16_000;

/** A result that has been held to its schema. */
export type Result = z.output<Tool["output"]>;

/**
 * The end of a call that did its work: what it made is registered, its run closed, and all of it recorded, in one
 * transaction. Answers the result with names where the op put folders.
 */
export function settleOk(tool: Tool, state: CallState, raw: unknown, store: Store): Result {
  return store.transaction(() => {
    const outputs: AssetRef[] = [];
    const named = registerOutputs(tool.output, raw, (kind, stagedFolder) => {
      const asset = store.register({ kind, stagedFolder, callId: state.id });
      outputs.push({ kind, name: asset.name, version: asset.version, hash: asset.hash });
      return asset.ref;
    });
    const result = tool.output.parse(withDeprecations(named, state.inputs, store));
    if (state.run_id !== null) store.runs.end(state.run_id, "FINISHED");
    append(tool, state, store, "ok", { result, outputs });
    return result;
  });
}

/** Inputs that were deprecated after they were made are named among the result's warnings. */
function withDeprecations(result: unknown, inputs: readonly AssetRef[], { catalog }: Store): unknown {
  if (inputs.length === 0) return result;
  const known = z.looseObject({ warnings: z.array(z.string()) }).safeParse(result);
  if (!known.success) return result;
  const said = inputs.flatMap(({ kind, name, version }) => {
    const asset = kind === "file" ? undefined : catalog.find(kind, `${name}@${version}`);
    const why = asset && catalog.marks(asset)["deprecated"];
    return asset && why ? [`${asset.ref} is deprecated: ${why}`] : [];
  });
  return { ...known.data, warnings: [...known.data.warnings, ...said] };
}

/** The end of a call that did not do its work, whatever stopped it. What nobody foresaw is logged too: the caller is not told it. */
export function settleFailed(
  tool: Tool,
  state: CallState,
  error: unknown,
  { store: opened, config, log }: Parts,
): void {
  const [store, outcome, recorded] = [opened(), outcomeOf(error), recordedError(error)];
  store.transaction(() => {
    if (state.run_id !== null) store.runs.end(state.run_id, outcome === "cancelled" ? "CANCELLED" : "FAILED");
    append(tool, state, store, outcome, { error: recorded });
  });
  if (!(error instanceof ToolError) || error.cause !== undefined)
    log.warn("failed", { call: state.id, tool: tool.name, error: recorded.message });
  rmSync(artifactsFolder(config.workspace, state.id), { recursive: true, force: true });
}

/** The first record of a job; its end is a second one. */
export function recordStart(tool: Tool, state: CallState, store: Store): void {
  append(tool, { ...state, decisions: [] }, store, "started", {});
}

function append(
  tool: Tool,
  state: CallState,
  store: Store,
  outcome: Outcome,
  end: { result?: Result; error?: EventBody["error"]; outputs?: AssetRef[] },
): void {
  const base: Omit<EventBody, "details"> = {
    call_id: state.id,
    tool: tool.name,
    outcome,
    run_id: state.run_id,
    trace_id: state.trace_id,
    span_id: state.span_id,
    duration_ms: outcome === "started" ? null : Date.now() - state.started,
    params: json(redact(state.params)),
    result: end.result === undefined ? null : json(redact(fit(end.result, RECORDED_CHARACTERS).value)),
    error: end.error ?? null,
    inputs: state.inputs,
    outputs: end.outputs ?? [],
  };
  const decision = { ...base, result: null, inputs: [], outputs: [] };
  store.events.append(
    { ...base, details: detailsOf(tool, state, end.result) },
    ...state.decisions.map((details) => ({ ...decision, details })),
  );
}

/** The tool's own words about its action; where the parameters never became valid, what can be said without them. */
function detailsOf(tool: Tool, state: CallState, result: Result | undefined): EventBody["details"] {
  const params = tool.input.safeParse(state.params);
  const dataset = typeof state.params["dataset"] === "string" ? clean(state.params["dataset"], 200) : "unknown";
  if (params.success) return ActionDetails.parse({ type: tool.action, ...tool.details(params.data, result) });
  switch (tool.action) {
    case "DataPipeline":
      return { type: "DataPipeline", action: tool.name, dataset, contains_pii: null };
    case "ModelTraining":
      return { type: "ModelTraining", framework: "unknown", model_type: "unknown", dataset };
    case "ModelInference":
      return { type: "ModelInference", model: "unknown", backend: "unknown", action: tool.name };
    case "RagQuery":
      return { type: "RagQuery", query_type: "unknown", collection: "unknown", top_k: 0 };
    case "EvaluationRun":
      return { type: "EvaluationRun", evaluator: tool.name, scope: "unknown", count: 0 };
    case "ResearchAction":
      return { type: "ResearchAction", action: tool.name, source: "unknown" };
  }
}

const OUTCOMES: Readonly<Partial<Record<ErrorKind, Outcome>>> = { refused: "refused", cancelled: "cancelled" };

const outcomeOf = (error: unknown): Outcome =>
  (error instanceof ToolError ? OUTCOMES[error.kind] : undefined) ?? "error";

/** An error as the record keeps it: with what must not reach a model, such as a traceback, but without secrets. */
function recordedError(error: unknown): NonNullable<EventBody["error"]> {
  const kind = error instanceof ToolError ? error.kind : "failed";
  const because = error instanceof Error ? error.cause : undefined;
  const cause = because === undefined ? "" : `\n${because instanceof Error ? because.stack : String(because)}`;
  const stack = error instanceof ToolError ? "" : error instanceof Error ? `\n${error.stack ?? ""}` : "";
  const message = error instanceof Error ? error.message : String(error);
  return { kind, message: clean(String(redact(`${message}${stack}${cause}`)), 8000) };
}

/** A value as JSON sees it: what JSON has no word for left out. */
const json = (value: unknown): EventBody["params"] =>
  EventBody.shape.params.parse(JSON.parse(JSON.stringify(value ?? null)));
