import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { CLIENT } from "../kernel/chat.ts";
import { ToolError } from "../kernel/errors.ts";
import { type Artifact, asksClient } from "../kernel/fields.ts";
import type { Ports } from "../kernel/ports.ts";
import { AssetRef, Decision } from "../kernel/record.ts";
import { isAllPython, type Tool } from "../kernel/tool.ts";
import { reachable } from "../policy/database-url.ts";
import { download } from "../policy/network.ts";
import { withoutCredentials } from "../policy/redact.ts";
import { admitRemote } from "../policy/remote.ts";
import { trackingStore } from "../policy/tracking.ts";
import type { Said } from "../runtime/protocol.ts";
import { filePage } from "../studio/pages.ts";
import { isLong, MORE } from "./json-schema.ts";
import type { Caller, Parts } from "./parts.ts";
import { resolveReferences } from "./references.ts";
import { clientModel } from "./sampling.ts";

/** What one call is and has said so far; all of it that a record needs, and that another process needs to end a job. */
export const CallState = z.strictObject({
  id: z.string(),
  tool: z.string(),
  trace_id: z.string(),
  span_id: z.string(),
  started: z.number(),
  params: z.record(z.string(), z.unknown()),
  inputs: z.array(AssetRef),
  run_id: z.string().nullable(),
  decisions: z.array(Decision),
});
export type CallState = z.infer<typeof CallState>;

const Given = z.record(z.string(), z.unknown()).catch({});

/** One call under way. */
export class Call {
  readonly tool: Tool;
  readonly state: CallState;
  /** Whether it runs on by itself; a call that asks the client's model cannot. */
  readonly isJob: boolean;
  readonly #parts: Parts;
  readonly #caller: Caller;
  /** Last word on how far the work is. */
  progress = { done: 0, total: 1, note: "started" };
  /** Whether how it ends is recorded already, or will be by its job. */
  settled = false;
  /** Told of the worker's number as soon as there is one. */
  onStarted: (pid: number) => void = () => {};

  constructor(tool: Tool, args: unknown, caller: Caller, parts: Parts) {
    this.tool = tool;
    this.#parts = parts;
    this.#caller = caller;
    const parent = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(caller.traceparent ?? "");
    this.state = {
      id: newId(),
      tool: tool.name,
      trace_id: parent?.[1] ?? randomBytes(16).toString("hex"),
      span_id: randomBytes(8).toString("hex"),
      started: Date.now(),
      params: Given.parse(args),
      inputs: [],
      run_id: null,
      decisions: [],
    };
    this.isJob =
      isLong(tool) && !asksClient(tool.input, { ...this.state.params, ...Given.parse(this.state.params[MORE]) });
  }

  get id(): string {
    return this.state.id;
  }

  /** Scratch of this call alone. A job's stays until it is settled, and keeps its log after. */
  get folder(): string {
    return callFolder(this.#parts.config.workspace, this.state.id, this.isJob);
  }

  get artifacts(): string {
    return artifactsFolder(this.#parts.config.workspace, this.state.id);
  }

  /** Names to paths; what they named is the call's input in the record. */
  async resolve(params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Record<string, unknown>> {
    this.state.params = z.record(z.string(), z.unknown()).parse(withoutCredentials(params));
    const { config, store, paths } = this.#parts;
    const policy = { offline: config.offline, allowHosts: config.allow_hosts };
    const resolved = await resolveReferences(this.tool.input, params, {
      catalog: store().catalog,
      paths: paths(),
      fetch: async (field, url) => {
        const to = join(
          this.makeFolder(),
          `download${/\.[A-Za-z0-9]{1,8}(\.gz|\.zst|\.bz2)?$/.exec(new URL(url).pathname)?.[0] ?? ""}`,
        );
        await download(field, url, to, policy, signal);
        return to;
      },
      admit: (field, url) => admitRemote(field, url, policy),
      reach: (field, url) => reachable(field, url, policy),
      track: (field, url) => trackingStore(field, url, policy, paths()),
    });
    this.state.inputs.push(...resolved.inputs);
    return resolved.params;
  }

  makeFolder(): string {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    return this.folder;
  }

  /** What the tool may touch. */
  ports(signal: AbortSignal): Ports {
    const { store, python, collections, backends, chat, reranker, config } = this.#parts;
    const { tool, state } = this;
    const hear = (said: Said) => this.hear(said);
    return {
      catalog: store().catalog,
      events: store().events,
      runs: store().runs,
      collections,
      backends,
      chat: (name) => (name === CLIENT ? clientModel(this.#caller, this.isJob) : chat(name)),
      reranker,
      signal,
      readText: (field, path, mostBytes) => readCapped(field, path, mostBytes).toString("utf8"),
      readBytes: readCapped,
      artifacts: {
        read: (uri) => readArtifact(config.workspace, uri),
        write: (name, title, content) => this.writeArtifact(name, title, content),
        page: (view, name, title, data) => this.writeArtifact(name, title, filePage(view, config.root, data)),
      },
      progress: (done, total, note) => hear({ type: "progress", done, total, note }),
      decide: (decision) => hear({ type: "decision", decision }),
      python: async (params) => {
        if (!tool.op) throw new ToolError("failed", `${tool.name} has no Python op.`);
        // What goes on without this server must be able to end without it.
        const detached = this.isJob && isAllPython(tool);
        const work = {
          id: state.id,
          op: tool.op.name,
          params,
          folder: this.makeFolder(),
          artifacts: this.artifacts,
          checkpoints: join(config.workspace, "checkpoints", state.id),
          detached,
          wallSeconds: this.isJob ? config.job_seconds : config.call_seconds,
        };
        const result = await python.run(work, signal, { onStarted: (pid) => this.onStarted(pid), onSaid: hear });
        return checkOp(tool.op.result, result);
      },
    };
  }

  writeArtifact(name: string, title: string, content: string | Uint8Array): Artifact {
    const staged = join(this.makeFolder(), "artifacts");
    mkdirSync(staged, { recursive: true });
    writeFileSync(join(staged, name), content);
    return { path: join(this.artifacts, name), uri: `ml://artifacts/${this.state.id}/${name}`, title };
  }

  /** Takes in what the work says while it goes on. */
  hear(said: Said): void {
    const { store } = this.#parts;
    if (said.type === "decision") this.state.decisions.push(said.decision);
    else if (said.type === "metrics" && this.state.run_id !== null)
      store().runs.metrics(this.state.run_id, said.metrics);
    else if (said.type === "params" && this.state.run_id !== null) store().runs.params(this.state.run_id, said.params);
    else if (said.type === "progress") {
      this.progress = said;
      this.#caller.progress?.(said.done, said.total, said.note);
    }
  }

  /** Puts the call's files where its result says they are. Idempotent, so that a crash between this and the record does no harm. */
  publishArtifacts(): void {
    publish(join(this.folder, "artifacts"), this.artifacts);
  }

  /** Takes away what a call that is no job leaves. */
  tidy(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

export const callFolder = (workspace: string, id: string, long: boolean) =>
  join(workspace, long ? "jobs" : "calls", id);
export const artifactsFolder = (workspace: string, id: string) => join(workspace, "artifacts", id);

function readCapped(field: string, path: string, mostBytes: number): Buffer {
  if (!existsSync(path)) throw new ToolError("not_found", `${field}: there is no file \`${basename(path)}\`.`);
  const { size } = statSync(path);
  if (size > mostBytes)
    throw new ToolError(
      "invalid_input",
      `${field}: \`${basename(path)}\` has ${size} bytes, more than the ${mostBytes} that are read.`,
      "Name a smaller file.",
    );
  return readFileSync(path);
}

/** An artifact's bytes; undefined where there is none. Only a call's own name and a plain file name lead to one. */
function readArtifact(workspace: string, uri: string): Uint8Array | undefined {
  const [, id, name] = /^ml:\/\/artifacts\/([0-9a-f]+)\/([^/\\]+)$/.exec(uri) ?? [];
  if (id === undefined || name === undefined) return undefined;
  const path = join(artifactsFolder(workspace, id), name);
  return existsSync(path) ? readFileSync(path) : undefined;
}

const KEPT_OF_A_JOB: ReadonlySet<string> = new Set(["log", "messages.jsonl", "result.json"]);

/** Takes away what a settled job needs no more. */
export function tidyJob(workspace: string, id: string): void {
  const folder = callFolder(workspace, id, true);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (!KEPT_OF_A_JOB.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Moves a folder of finished files to its place, once. */
export function publish(staged: string, final: string): void {
  if (!existsSync(staged)) return;
  mkdirSync(join(final, ".."), { recursive: true });
  rmSync(final, { recursive: true, force: true });
  renameSync(staged, final);
}

/** Sorts by time: eight hex digits of seconds, then chance. */
export const newId = () =>
  `${Math.floor(Date.now() / 1000)
    .toString(16)
    .padStart(8, "0")}${randomBytes(6).toString("hex")}`;

function checkOp<S extends z.ZodType>(schema: S, result: unknown): z.output<S> {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  throw new ToolError(
    "failed",
    "The tool's result is not what its contract says.",
    "This is a fault of ML Engine; the event log has the details.",
    z.prettifyError(parsed.error),
  );
}
