import { existsSync } from "node:fs";
import { ToolError } from "../kernel/errors.ts";
import type { Interpreter } from "./spawner.ts";

const KEPT_CHARACTERS = 4000;

/** A Python process of ours that runs: its number, a way to end it, and how it ended. */
export interface Started {
  readonly pid: number;
  readonly exited: Promise<{ readonly signal: string | null; readonly lastWords: string }>;
  kill(): void;
}

/** Starts `python -m ml_engine …`. Its stdout and stderr are kept only to say why it could not start. */
export async function startPython({ python, env }: Interpreter, args: readonly string[]): Promise<Started> {
  if (!existsSync(python)) {
    throw new ToolError(
      "unavailable",
      "The Python environment is not set up.",
      "Run `npm run setup` in the folder of ML Engine.",
    );
  }
  const { execa } = await import("execa");
  const child = execa(python, ["-P", "-m", "ml_engine", ...args], {
    env: { ...env },
    extendEnv: false,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    all: true,
    buffer: false,
    cleanup: false,
    reject: false,
  });
  let lastWords = "";
  child.all?.on("data", (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString("utf8")).slice(-KEPT_CHARACTERS);
  });
  const exited = child.then(({ signal }) => ({ signal: signal ?? null, lastWords }));
  if (child.pid === undefined) {
    await exited;
    throw new ToolError("unavailable", "Python does not start.", "Run `node bin/ml-engine.mjs doctor` to see why.");
  }
  return { pid: child.pid, exited, kill: () => void child.kill("SIGKILL") };
}
