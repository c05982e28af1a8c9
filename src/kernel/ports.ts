import type { Backends } from "./backends.ts";
import type { ChatModel } from "./chat.ts";
import type { Collections } from "./collections.ts";
import type { AssetKind, AssetRef, Decision, EventBody, EventRow, Outcome } from "./record.ts";
import type { Reranker } from "./reranker.ts";
import type { View } from "./view.ts";

/** What a tool that runs in TypeScript may touch. Nothing else reaches it. */
export interface Ports {
  readonly catalog: Catalog;
  readonly events: Events;
  readonly runs: Runs;
  readonly collections: Collections;
  readonly backends: Backends;
  /** A language model: `client`, or a kind of server and a model, as `ollama:<model>`. Throws ToolError where there is none. */
  chat(name: string): ChatModel;
  /** The cross-encoder (ONNX) of a folder in the allowed ones. Throws ToolError where there is none. */
  reranker(folder: string): Promise<Reranker>;
  /** Where files a person will look at go: written here, they become artifacts of the call. */
  readonly artifacts: ArtifactFolder;
  /** The text of a file that an input named. Throws ToolError where it has more than `mostBytes`. */
  readText(field: string, path: string, mostBytes: number): string;
  readBytes(field: string, path: string, mostBytes: number): Uint8Array;
  /** Runs the Python op of the tool's own name. */
  python(params: object): Promise<unknown>;
  progress(done: number, total: number, note: string): void;
  /** Records a choice, in the same transaction as the call. */
  decide(decision: Decision): void;
  readonly signal: AbortSignal;
}

export interface ArtifactFolder {
  /** Writes `name` and answers what the result should carry. */
  write(name: string, title: string, content: string | Uint8Array): { path: string; uri: string; title: string };
  /** Writes a page that shows `data`, which is what the view is made for. */
  page(view: View, name: string, title: string, data: unknown): { path: string; uri: string; title: string };
  /** An artifact of an earlier call, by its uri; undefined where it is gone. */
  read(uri: string): Uint8Array | undefined;
}

/** A registered thing at one version. Versions are immutable; equal content is one version. */
export interface Asset {
  readonly kind: AssetKind;
  readonly name: string;
  readonly version: number;
  /** `name@version`. */
  readonly ref: string;
  readonly hash: string;
  /** Absolute folder. */
  readonly path: string;
  readonly created: string;
  /** What the op that made it wrote beside it: `dataset.json` or `model.json`. */
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly call_id: string;
}

export interface Catalog {
  /** `loans` is its newest version, `loans@2` that one. Undefined where there is none. */
  find(kind: AssetKind, ref: string): Asset | undefined;
  /** What lies in a folder that a reference was resolved to. */
  at(folder: string): Asset | undefined;
  /** Newest version of each name, newest first. */
  list(kind: AssetKind, page?: { limit?: number; cursor?: string; query?: string }): Page<Asset>;
  names(kind: AssetKind, prefix?: string): readonly string[];
  /** Every version, newest first. */
  versions(kind: AssetKind, name: string): readonly Asset[];
  /** Names one version, so that `loans@prod` finds it; null takes the name away. `current` is what `loans` alone means. */
  tag(kind: AssetKind, name: string, alias: string, version: number | null): void;
  /** Alias to version. */
  tags(kind: AssetKind, name: string): Readonly<Record<string, number>>;
  /** Says something of one version after it was made, such as its stage; null takes it back. */
  mark(asset: Asset, key: string, value: string | null): void;
  marks(asset: Asset): Readonly<Record<string, string>>;
  /** Everything a thing was made from (`up`) or used for (`down`), nearest first. */
  lineage(ref: AssetRef, direction: "up" | "down", depth: number): readonly LineageEdge[];
}

export interface LineageEdge {
  readonly from: AssetRef;
  readonly to: AssetRef;
  readonly call_id: string;
  readonly tool: string;
  readonly seq: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly next_cursor: string | undefined;
}

export interface EventQuery {
  readonly tool?: string | undefined;
  readonly kind?: "action" | "decision" | undefined;
  readonly type?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly run_id?: string | undefined;
  readonly call_id?: string | undefined;
  /** Substring of the stored JSON. */
  readonly text?: string | undefined;
  /** ISO 8601, inclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Events that touched this asset, e.g. `model` `churn@1`. */
  readonly asset?: { readonly kind: AssetKind; readonly name: string; readonly version: number } | undefined;
  readonly order?: "newest" | "oldest" | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface Verification {
  readonly ok: boolean;
  /** Rows looked at. */
  readonly checked: number;
  /** `seq` of the first row that is not as it was written, or of the first missing one. */
  readonly first_bad: number | null;
  /** What is wrong there, in a sentence. */
  readonly problem: string | null;
  readonly problem_kind: "edited" | "inserted" | "removed" | "reordered" | "cut_tail" | "signature" | null;
  /** Hex Merkle root (RFC 6962) over the event hashes. */
  readonly root: string;
  readonly size: number;
  readonly checkpoints: number;
}

export interface Events {
  /** Appends in one transaction; the last line of defence: throws when it cannot be written. */
  append(...bodies: readonly EventBody[]): readonly EventRow[];
  query(query: EventQuery): Page<EventRow>;
  get(seq: number): EventRow | undefined;
  count(): number;
  verify(): Verification;
  /** RFC 6962 audit path of one event under the current tree. */
  inclusionProof(seq: number): { seq: number; leaf: string; size: number; root: string; path: readonly string[] };
  /** The newest signed tree head and the public key (PEM) that checks it. */
  head(): { size: number; root: string; time: string; signature: string; public_key: string };
  /** Moves events older than `before` into a file of the workspace; the chain continues from its signed head. */
  archive(before: string): { count: number; path: string | null };
}

export type RunStatus = "RUNNING" | "FINISHED" | "FAILED" | "CANCELLED";

export interface Run {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly tool: string;
  readonly status: RunStatus;
  readonly started: string;
  readonly ended: string | null;
  readonly params: Readonly<Record<string, string | number | boolean | null>>;
  /** Last value of each. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly note: string;
  readonly archived: boolean;
  readonly parent: string | null;
  /** Hardware, versions, environment lock, git state, dataset hashes: what a rerun needs. */
  readonly info: Readonly<Record<string, unknown>>;
}

export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Tags of a run that was imported: the store it came from, without credentials, and its id there. */
export const IMPORTED = { store: "imported.store", run: "imported.run_id" } as const;

export interface Runs {
  start(run: {
    id: string;
    experiment: string;
    name: string;
    tool: string;
    parent?: string | undefined;
    info: Record<string, unknown>;
    params: Record<string, string | number | boolean | null>;
    owner_pid?: number;
  }): void;
  params(id: string, params: Record<string, string | number | boolean | null>): void;
  metrics(id: string, metrics: readonly Metric[]): void;
  end(id: string, status: Exclude<RunStatus, "RUNNING">): void;
  get(id: string): Run | undefined;
  history(id: string, key?: string): readonly Metric[];
  /** MLflow's filter syntax: `metrics.auc > 0.8 and params.family = 'lightgbm'`. */
  search(query: {
    experiment?: string | undefined;
    filter?: string | undefined;
    order_by?: string | undefined;
    archived?: boolean | undefined;
    limit?: number | undefined;
    cursor?: string | undefined;
  }): Page<Run>;
  /**
   * Takes in a run made elsewhere, with its own times. One that is here gains what is new, unless it was made here: then
   * it is left as it is. `points` is how many values of metrics were new.
   */
  bring(run: Run, history: readonly Metric[]): { outcome: "added" | "updated" | "unchanged"; points: number };
  /** Run ids, newest first. */
  ids(prefix?: string): readonly string[];
  note(id: string, note: string): void;
  tag(id: string, tags: Record<string, string>): void;
  archive(id: string): void;
  createExperiment(name: string, description: string): void;
  experiments(): readonly { name: string; description: string; created: string; runs: number }[];
}
