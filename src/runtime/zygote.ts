import { ToolError } from "../kernel/errors.ts";
import { Exited, type Fork } from "./protocol.ts";
import type { Interpreter, Spawner, Worker } from "./spawner.ts";
import { type Started, startPython } from "./start.ts";
import type { Line, Switchboard } from "./switchboard.ts";

interface Live {
  readonly line: Line;
  readonly process: Started;
}

/** Forks each worker from one process that has the libraries imported; started on first need, gone after idling. */
export class Zygote implements Spawner {
  readonly #interpreter: Interpreter;
  readonly #switchboard: Switchboard;
  readonly #exits = new Map<string, (signal: string | null) => void>();
  #live: Promise<Live> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(interpreter: Interpreter, switchboard: Switchboard) {
    this.#interpreter = interpreter;
    this.#switchboard = switchboard;
  }

  async spawn(id: string, op: string | null): Promise<Worker> {
    const { line, process } = await this.#running();
    const ended = new Promise<string | null>((resolve) => {
      this.#exits.set(id, resolve);
      this.#keepBusy();
    });
    return await new Promise<Worker>((resolve, reject) => {
      this.#switchboard.expect(id, (worker, opening) => resolve({ line: worker, pid: opening.pid, ended }));
      ended.then((signal) => reject(this.#noWorker(id, signal)));
      process.exited.then(() => reject(this.#noWorker(id, null)));
      const fork: Fork = { type: "fork", id, op };
      line.send(fork);
    });
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#live?.then(({ process }) => process.kill()).catch(() => {});
    this.#live = undefined;
  }

  #noWorker(id: string, signal: string | null): ToolError {
    this.#switchboard.forget(id);
    return new ToolError(
      "failed",
      `The Python worker ended before its work began${signal ? ` (${signal})` : ""}.`,
      "Try again.",
    );
  }

  #running(): Promise<Live> {
    this.#live ??= this.#start();
    return this.#live;
  }

  async #start(): Promise<Live> {
    try {
      await this.#switchboard.ready();
      const opened = new Promise<Line>((resolve) => this.#switchboard.expect("zygote", resolve));
      const process = await startPython(this.#interpreter, ["zygote", this.#switchboard.path]);
      process.exited.then(() => this.#gone());
      const line = await Promise.race([
        opened,
        process.exited.then(({ lastWords }) => {
          const reason = lastWords.trim().split("\n").at(-1) ?? "";
          throw new ToolError(
            "unavailable",
            `Python cannot load its libraries. ${reason}`,
            "Run `npm run setup` in the folder of ML Engine.",
          );
        }),
      ]);
      line.onMessage = (message) => this.#hear(message);
      return { line, process };
    } catch (error) {
      this.#live = undefined;
      throw error;
    }
  }

  #hear(message: unknown): void {
    const exited = Exited.safeParse(message);
    if (!exited.success) return;
    this.#exits.get(exited.data.id)?.(exited.data.signal);
    this.#exits.delete(exited.data.id);
    this.#keepBusy();
  }

  /** Its workers live on; only what ended them will not be known. */
  #gone(): void {
    this.#live = undefined;
    for (const resolve of this.#exits.values()) resolve(null);
    this.#exits.clear();
  }

  #keepBusy(): void {
    clearTimeout(this.#idle);
    if (this.#exits.size > 0) return;
    this.#idle = setTimeout(() => this.close(), this.#interpreter.idleSeconds * 1000);
    this.#idle.unref();
  }
}
