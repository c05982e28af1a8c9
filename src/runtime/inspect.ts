import { z } from "zod";

const PATIENCE_MS = 10_000;
const PROGRAM =
  "import json, sys, importlib.metadata as m; print(json.dumps({'version': sys.version.split()[0], 'packages': {d.name.lower(): d.version for d in m.distributions() if d.name}}))";

const Environment = z.object({ version: z.string(), packages: z.record(z.string(), z.string()) });

/** What a Python environment holds: its version, and the version of each package by lower-case name. */
export type Environment = z.infer<typeof Environment>;

/** Starts the interpreter and asks it; undefined where it is missing or does not answer. */
export async function inspectPython(python: string): Promise<Environment | undefined> {
  const { execa } = await import("execa");
  const { failed, stdout } = await execa(python, ["-I", "-c", PROGRAM], {
    reject: false,
    timeout: PATIENCE_MS,
    stdin: "ignore",
  });
  return failed ? undefined : Environment.parse(JSON.parse(stdout));
}
