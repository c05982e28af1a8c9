import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ToolError } from "../kernel/errors.ts";
import { endTree, killTree } from "./processes.ts";
import { type Call, End, type Limits, Said } from "./protocol.ts";
import type { Interpreter, Spawner } from "./spawner.ts";
import { Standby } from "./standby.ts";
import { Switchboard } from "./switchboard.ts";
import { Zygote } from "./zygote.ts";

export interface PythonOptions extends Interpreter {
  /** `zygote` forks (Linux); `standby` keeps one process warm (anywhere). */
  readonly workers: "zygote" | "standby";
  readonly limits: Limits;
}

export interface Work {
  readonly id: string;
  readonly op: string;
  readonly params: object;
  /** The call's scratch folder; its log is `log` in it. */
  readonly folder: string;
  readonly artifacts: string;
  readonly checkpoints: string;
  readonly detached: boolean;
  readonly wallSeconds: number;
}

export interface Hearing {
  onStarted(pid: number): void;
  onSaid(said: Said): void;
}

/** Runs ops, each in a fresh process that dies with its call. */
export class Python {
  readonly #options: PythonOptions;
  readonly #running = new Map<string, { readonly pid: number; readonly detached: boolean }>();
  #switchboard: Switchboard | undefined;
  readonly #leaving = new Map<string, Promise<void>>();
  #spawner: Spawner | undefined;

  constructor(options: PythonOptions) {
    this.#options = options;
  }

  /** The op's result. Throws ToolError with the op's own words, or with how its process died. */
  async run(work: Work, signal: AbortSignal, hearing: Hearing): Promise<unknown> {
    refuseWhenAborted(signal);
    // A call may run its op several times: the next worker has the name of the last, so that one must have left.
    await this.#leaving.get(work.id);
    const { line, pid, ended } = await this.#spawn(work.id, work.op);
    this.#leaving.set(
      work.id,
      ended.then(() => void this.#leaving.delete(work.id)),
    );
    this.#running.set(work.id, { pid, detached: work.detached });
    hearing.onStarted(pid);
    const timer = new AbortController();
    try {
      return await new Promise((resolve, reject) => {
        line.onMessage = (message) => {
          const end = End.safeParse(message);
          if (end.success) settle(end.data, resolve, reject);
          else {
            const said = Said.safeParse(message);
            if (said.success) hearing.onSaid(said.data);
            else
              reject(
                new ToolError(
                  "failed",
                  "The Python worker said something this server does not understand.",
                  "Run `npm run setup`: the two halves may differ in version.",
                ),
              );
          }
        };
        line.onClose = () => {
          Promise.race([ended, sleep(300, null)]).then((by) => reject(died(by, work, this.#options.limits)));
        };
        onAbort(signal, () => {
          endTree(pid);
          reject(new ToolError("cancelled", "The call was cancelled.", "Nothing was kept of it."));
        });
        sleep(work.wallSeconds * 1000, undefined, { signal: timer.signal, ref: false }).then(
          () => {
            killTree(pid);
            reject(
              new ToolError(
                "timeout",
                `The work took longer than ${work.wallSeconds} seconds.`,
                "Use less data or a smaller budget.",
              ),
            );
          },
          () => {},
        );
        const call: Call = {
          type: "call",
          op: work.op,
          params: work.params,
          folder: work.folder,
          artifacts: work.artifacts,
          checkpoints: work.checkpoints,
          detached: work.detached,
          limits: this.#options.limits,
        };
        line.send(call);
      });
    } finally {
      timer.abort();
      this.#running.delete(work.id);
    }
  }

  /** Starts the interpreter ahead of the first call that needs it. */
  warm(): void {
    const id = `warm-${process.pid}`;
    this.#spawn(id, null)
      .then(({ pid }) => killTree(pid))
      .catch(() => {});
  }

  /** Ends everything but detached calls. */
  close(): void {
    for (const { pid, detached } of this.#running.values()) {
      if (!detached) killTree(pid);
    }
    this.#spawner?.close();
    this.#switchboard?.close();
    this.#spawner = undefined;
    this.#switchboard = undefined;
  }

  #spawn(id: string, op: string | null) {
    this.#switchboard ??= new Switchboard();
    this.#spawner ??=
      this.#options.workers === "zygote"
        ? new Zygote(this.#options, this.#switchboard)
        : new Standby(this.#options, this.#switchboard);
    return this.#spawner.spawn(id, op);
  }
}

function settle(end: End, resolve: (result: unknown) => void, reject: (error: Error) => void): void {
  if (end.type === "result") resolve(end.result);
  else reject(opError(end));
}

/** An op's own refusal in its words; anything else it raised only as a fact, the traceback being for the record. */
export function opError(end: Extract<End, { type: "error" }>): ToolError {
  if (end.message !== "") return new ToolError(end.kind, end.message, end.hint ?? undefined);
  return new ToolError(
    "failed",
    "The tool broke while it worked.",
    "The event log has the traceback (`ml_transparency_audit`).",
    end.traceback,
  );
}

function died(by: string | null, work: Work, limits: Limits): ToolError {
  const log = lastLines(join(work.folder, "log"));
  const why =
    by === "SIGKILL"
      ? `was killed (SIGKILL): by the system for want of memory, or by hand`
      : by === "SIGXCPU"
        ? `used up its ${limits.cpu_seconds} CPU seconds`
        : by
          ? `crashed (${by})`
          : "ended without an answer";
  return new ToolError("failed", `The Python worker ${why}.`, "Try again; with less data if it was memory.", log);
}

function lastLines(path: string): string {
  try {
    const file = openSync(path, "r");
    const size = fstatSync(file).size;
    const buffer = Buffer.alloc(Math.min(size, 2000));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    closeSync(file);
    return buffer.toString("utf8");
  } catch {
    return "";
  }
}

function refuseWhenAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new ToolError("cancelled", "The call was cancelled before it began.");
}

function onAbort(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}
