// How the server and a Python worker talk: one JSON object a line over a Unix socket that the server listens on and
// every worker connects to. A worker opens with `hello` and is sent one `call`; it answers with any number of
// `progress`, `metrics`, `params` and `decision` and exactly one `result` or `error`, then leaves. The zygote opens with
// `zygote` and is sent `fork`s; each makes a worker, and the zygote says `exited` when that worker ends. A closed socket
// is an end.
// The Python half is python/ml_engine/protocol.py. Change both in one commit and raise PROTOCOL.
import { z } from "zod";
import { ERROR_KINDS } from "../kernel/errors.ts";
import { Decision } from "../kernel/record.ts";

export const PROTOCOL = 2;

/** What one call may use; zero means no limit. */
export interface Limits {
  readonly memory_bytes: number;
  readonly cpu_seconds: number;
  readonly file_bytes: number;
  readonly open_files: number;
}

/** One op to run. A detached call outlives the server and leaves its messages and result in `folder`. */
export interface Call {
  readonly type: "call";
  readonly op: string;
  readonly params: object;
  readonly folder: string;
  readonly artifacts: string;
  /** Where the call keeps what it can go on from after being killed. */
  readonly checkpoints: string;
  readonly detached: boolean;
  readonly limits: Limits;
}

/** `op` is what the worker will be asked for, whose libraries are imported first; null where nothing will be. */
export interface Fork {
  readonly type: "fork";
  readonly id: string;
  readonly op: string | null;
}

const Metric = z.strictObject({ key: z.string(), value: z.number(), step: z.int(), time: z.int() });

/** What a worker says while it works. */
export const Said = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("progress"), done: z.number(), total: z.number(), note: z.string() }),
  z.strictObject({ type: z.literal("metrics"), metrics: z.array(Metric) }),
  z.strictObject({
    type: z.literal("params"),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  }),
  z.strictObject({ type: z.literal("decision"), decision: Decision }),
]);
export type Said = z.infer<typeof Said>;

/** How a call ends. */
export const End = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("result"), result: z.unknown() }),
  z.strictObject({
    type: z.literal("error"),
    kind: z.enum(ERROR_KINDS),
    message: z.string(),
    hint: z.string().nullable(),
    traceback: z.string().nullable(),
  }),
]);
export type End = z.infer<typeof End>;

/** What whoever connects says first. */
export const Opening = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("hello"), protocol: z.literal(PROTOCOL), id: z.string(), pid: z.int() }),
  z.strictObject({ type: z.literal("zygote"), protocol: z.literal(PROTOCOL), pid: z.int(), python: z.string() }),
]);
export type Opening = z.infer<typeof Opening>;

/** What a zygote says of a worker it made. */
export const Exited = z.strictObject({ type: z.literal("exited"), id: z.string(), signal: z.string().nullable() });
