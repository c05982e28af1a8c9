import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { ToolError } from "../../src/kernel/errors.ts";
import { workerEnvironment } from "../../src/runtime/environment.ts";
import { isAlive } from "../../src/runtime/processes.ts";
import type { Said } from "../../src/runtime/protocol.ts";
import { Python, type Work } from "../../src/runtime/python.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "runtime-test-"));
const env = workerEnvironment({ root, threads: 2, offline: false }, { ...process.env, SECRET_TOKEN: "do not tell" });

function start(workers: "zygote" | "standby") {
  return new Python({
    python: join(root, "python/.venv/bin/python"),
    env: { ...env, PYTHONPATH: `${join(root, "tests/support/python")}:${env["PYTHONPATH"]}` },
    idleSeconds: 60,
    workers,
    limits: { memory_bytes: 4 * 2 ** 30, cpu_seconds: 100, file_bytes: 64 * 2 ** 20, open_files: 1024 },
  });
}

let calls = 0;

function run(
  python: Python,
  op: string,
  params: object,
  options: Partial<Work> & { signal?: AbortSignal; said?: Said[]; onPid?: (pid: number) => void } = {},
) {
  calls += 1;
  const { signal = new AbortController().signal, said = [], onPid = () => {}, ...rest } = options;
  const work: Work = {
    id: `call-${calls}`,
    op,
    params,
    folder: join(folder, `call-${calls}`),
    artifacts: join(folder, "kept"),
    checkpoints: join(folder, "checkpoints"),
    detached: false,
    wallSeconds: 60,
    ...rest,
  };
  return python.run(work, signal, { onStarted: onPid, onSaid: (each) => void said.push(each) });
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("it should have failed"),
    (error: unknown) =>
      error instanceof ToolError ? { kind: error.kind, message: error.message, hint: error.hint } : error,
  );

const pythons = { zygote: start("zygote"), standby: start("standby") };

afterAll(() => {
  for (const python of Object.values(pythons)) python.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(["zygote", "standby"] as const)("a %s worker", (kind) => {
  const python = pythons[kind];

  test("answers, with progress on the way", async () => {
    const said: Said[] = [];
    expect(await run(python, "probe.echo", { say: "naïve ☃ \u2028" }, { said })).toEqual({ said: "naïve ☃ \u2028" });
    expect(said).toEqual([{ type: "progress", done: 1, total: 2, note: "half" }]);
  });

  test("keeps what ops print out of the answer", async () => {
    const result = await run(python, "probe.noise", {}, { folder: join(folder, `noise-${kind}`) });
    expect(result).toEqual({ stdin: "", folder: join(folder, `noise-${kind}`) });
    expect(readFileSync(join(folder, `noise-${kind}`, "log"), "utf8")).toContain("a child speaks");
  });

  test("says what a number that is not finite does", async () => {
    expect(await failure(run(python, "probe.misbehave", { how: "nan" }))).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("not finite"),
    });
  });

  test("passes on the op's own refusals and nothing of a stranger's exception", async () => {
    expect(await failure(run(python, "probe.misbehave", { how: "refuse" }))).toEqual({
      kind: "not_found",
      message: "There is no such thing.",
      hint: "Name another.",
    });
    expect(await failure(run(python, "probe.misbehave", { how: "raise" }))).toMatchObject({
      kind: "failed",
      message: "The tool broke while it worked.",
    });
  });

  test("knows no op that is not there", async () => {
    expect(await failure(run(python, "probe.eco", {}))).toMatchObject({
      kind: "not_found",
      message: "There is no op `probe.eco`.",
      hint: "Did you mean `probe.echo`?",
    });
  });

  test("says that a library is missing to whoever needs it, and to nobody else", async () => {
    expect(await failure(run(python, "probe.broken", {}))).toEqual({
      kind: "unavailable",
      message: "Python cannot load its libraries. No module named 'no_such_library'",
      hint: "Run `npm run setup` in the folder of ML Engine.",
    });
    expect(await run(python, "probe.echo", { say: "well" })).toEqual({ said: "well" });
  });

  test("that crashes or is killed is an error with its signal", async () => {
    expect(await failure(run(python, "probe.misbehave", { how: "segfault" }))).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("SIGSEGV"),
    });
    expect(await failure(run(python, "probe.misbehave", { how: "kill" }))).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("SIGKILL"),
    });
    expect(await run(python, "probe.echo", { say: "still here" })).toEqual({ said: "still here" });
  });

  test("may not use more memory or disk than it was given", async () => {
    expect(await failure(run(python, "probe.misbehave", { how: "memory" }))).toMatchObject({
      message: "The work needs more memory than the 4.0 GiB it may use.",
    });
    expect(await failure(run(python, "probe.misbehave", { how: "write", mebibytes: 100 }))).toMatchObject({
      kind: "failed",
    });
  });

  test("inherits no secrets", async () => {
    const seen = await run(python, "probe.misbehave", { how: "environment" });
    expect(JSON.stringify(seen)).not.toContain("do not tell");
  });

  test("is gone within two seconds of a cancel, with all it started", async () => {
    const stop = new AbortController();
    const said: Said[] = [];
    const call = failure(run(python, "probe.misbehave", { how: "sleep" }, { signal: stop.signal, said }));
    while (said.length === 0) await sleep(20);
    const pids = said[0]?.type === "progress" ? said[0].note.split(" ").map(Number) : [];
    expect(pids.map((pid) => isAlive(pid, null))).toEqual([true, true]);
    stop.abort();
    expect(await call).toMatchObject({ kind: "cancelled" });
    await expect.poll(() => pids.map((pid) => isAlive(pid, null)), { timeout: 2000 }).toEqual([false, false]);
  });

  test("is ended when its time is up", async () => {
    expect(await failure(run(python, "probe.misbehave", { how: "sleep" }, { wallSeconds: 0.5 }))).toMatchObject({
      kind: "timeout",
    });
  });

  test("works beside others, each hearing its own answer", async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, (_, say) => run(python, "probe.echo", { say })));
    expect(answers).toEqual(Array.from({ length: 4 }, (_, say) => ({ said: say })));
  });
});

test("a zygote that is killed is replaced, and its workers' calls are answered", async () => {
  const python = start("zygote");
  try {
    let worker = 0;
    const slow = run(
      python,
      "probe.misbehave",
      { how: "slowly", steps: 20 },
      {
        onPid: (pid) => {
          worker = pid;
        },
      },
    );
    while (worker === 0) await sleep(10);
    const zygote = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${worker}/status`, "utf8"))?.[1]);
    process.kill(zygote, "SIGKILL");
    expect(await slow).toEqual({});
    expect(await run(python, "probe.echo", { say: "again" })).toEqual({ said: "again" });
  } finally {
    python.close();
  }
});

test("says what to run where Python is not set up", async () => {
  const python = new Python({
    python: "/nowhere/python",
    env: {},
    idleSeconds: 1,
    workers: "zygote",
    limits: { memory_bytes: 0, cpu_seconds: 0, file_bytes: 0, open_files: 0 },
  });
  expect(await failure(run(python, "probe.echo", { say: 1 }))).toEqual({
    kind: "unavailable",
    message: "The Python environment is not set up.",
    hint: "Run `npm run setup` in the folder of ML Engine.",
  });
  python.close();
});
