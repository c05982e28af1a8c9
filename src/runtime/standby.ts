import { ToolError } from "../kernel/errors.ts";
import type { Interpreter, Spawner, Worker } from "./spawner.ts";
import { startPython } from "./start.ts";
import type { Switchboard } from "./switchboard.ts";

/** Keeps one process warm for the next call, where forking is not safe (macOS): each is used once and replaced. */
export class Standby implements Spawner {
  readonly #interpreter: Interpreter;
  readonly #switchboard: Switchboard;
  #next: { readonly worker: Promise<Worker>; readonly discard: () => void } | undefined;
  #made = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(interpreter: Interpreter, switchboard: Switchboard) {
    this.#interpreter = interpreter;
    this.#switchboard = switchboard;
  }

  async spawn(_id: string): Promise<Worker> {
    const ready = this.#next ?? this.#prepare();
    this.#next = undefined;
    const worker = await ready.worker;
    this.#next ??= this.#prepare();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), this.#interpreter.idleSeconds * 1000);
    this.#idle.unref();
    return worker;
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#next?.discard();
    this.#next = undefined;
  }

  #prepare(): { worker: Promise<Worker>; discard: () => void } {
    this.#made += 1;
    let discard = () => {};
    const worker = this.#start(`standby-${this.#made}`, (kill) => {
      discard = kill;
    });
    worker.catch(() => {
      this.#next = undefined;
    });
    return { worker, discard: () => discard() };
  }

  async #start(name: string, onStarted: (kill: () => void) => void): Promise<Worker> {
    await this.#switchboard.ready();
    const process = await startPython(this.#interpreter, ["standby", this.#switchboard.path, name]);
    onStarted(() => process.kill());
    const ended = process.exited.then(({ signal }) => signal);
    return await new Promise<Worker>((resolve, reject) => {
      this.#switchboard.expect(name, (line, opening) => resolve({ line, pid: opening.pid, ended }));
      process.exited.then(({ lastWords }) => {
        const reason = lastWords.trim().split("\n").at(-1) ?? "";
        reject(
          new ToolError(
            "unavailable",
            `Python cannot load its libraries. ${reason}`,
            "Run `npm run setup` in the folder of ML Engine.",
          ),
        );
      });
    });
  }
}
