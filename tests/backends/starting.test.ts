import { chmodSync, copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openBackends } from "../../src/backends/serving/open.ts";
import { isAlive } from "../../src/runtime/processes.ts";
import { isHere, smallModel } from "../support/backends.ts";
import { root, scratch } from "../support/server.ts";

const { folder, remove } = scratch();
afterAll(remove);
const { signal } = new AbortController();
const report = { signal, progress: () => {} };

/** Backends of an installation whose llama-server is this script, with the small model where it is. */
function installed(name: string, script: string) {
  const place = join(folder, name);
  const program = join(place, ".cache/backends/llamacpp/bin/llama-server");
  for (const path of ["bin", ".cache/models", ".cache/backends/llamacpp/bin"])
    mkdirSync(join(place, path), { recursive: true });
  copyFileSync(join(root, "bin/keep.mjs"), join(place, "bin/keep.mjs"));
  symlinkSync(smallModel, join(place, ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf"));
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const addresses = {
    ollama_url: "http://127.0.0.1:9",
    openai_url: "http://127.0.0.1:9/v1",
    offline: false,
    allow_hosts: [],
  };
  const backends = openBackends({
    config: { root: place, workspace: place, memory_bytes: 0, ...addresses },
    env: process.env,
    exclusively: (_, work) => work(),
  });
  const start = () => backends.start("llamacpp", "smollm2-135m-instruct", { context_tokens: 256 }, report);
  return { backends, start, left: () => readdirSync(join(place, "servers")).filter((file) => !file.endsWith(".log")) };
}
const real = join(root, ".cache/backends/llamacpp/bin/llama-server");

describe.runIf(isHere("llamacpp"))("a server that starts", () => {
  test("is tried on another port where another program took the first", async () => {
    // Says what llama-server says of a port that is taken, once.
    const once = join(folder, "once");
    const { backends, start, left } = installed(
      "port",
      `[ -e ${once} ] && exec ${real} "$@"; touch ${once}; echo "couldn't bind HTTP server socket, hostname: 127.0.0.1"; exit 1`,
    );
    const { serving, attached } = await start();
    expect(attached).toBe(false);
    expect(backends.serving().map(({ id }) => id)).toEqual([serving.id]);
    await backends.stop(serving.id);
    expect(left()).toEqual([]);
  });

  test("says so where memory does not suffice, and leaves nothing", async () => {
    // 260 MB of addresses hold the program and not the model. Why it ended is told where llama.cpp's log got that far.
    const { backends, start, left } = installed("memory", `ulimit -v 260000; exec ${real} "$@"`);
    await expect(start()).rejects.toThrow(/llamacpp ended before it answered/);
    expect(backends.serving()).toEqual([]);
    expect(left()).toEqual([]);
  });

  test("and is not waited for any longer is ended", async () => {
    const { backends, left } = installed("slow", "echo $$ > $(dirname $0)/pid; exec sleep 600");
    const stop = new AbortController();
    const starting = backends.start(
      "llamacpp",
      "smollm2-135m-instruct",
      {},
      { signal: stop.signal, progress: () => {} },
    );
    await expect.poll(() => backends.serving().length, { timeout: 30_000 }).toBe(1);
    const [server] = backends.serving();
    stop.abort(new Error("the client left"));
    await expect(starting).rejects.toThrow("the client left");
    expect(isAlive(server?.pid ?? 0, null)).toBe(false);
    expect(left()).toEqual([]);
  });
});
