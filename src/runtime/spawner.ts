import type { Line } from "./switchboard.ts";

/** A fresh, warm process waiting for its one call. */
export interface Worker {
  readonly line: Line;
  readonly pid: number;
  /** The signal that ended it, once it has ended; null where it left by itself or nobody knows. */
  readonly ended: Promise<string | null>;
}

/** Makes workers: by forking a zygote, or, where forking is not safe, from processes kept ready. */
export interface Spawner {
  /** @param op what it will be asked for; null where it is only made so that there is one. */
  spawn(id: string, op: string | null): Promise<Worker>;
  close(): void;
}

/** How to start Python: the interpreter, its environment, and how long it may stay without work. */
export interface Interpreter {
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  readonly idleSeconds: number;
}
