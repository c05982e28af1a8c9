import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { tools } from "../../src/domains/all.ts";
import { isLong } from "../../src/mcp/json-schema.ts";
import { isAlive } from "../../src/runtime/processes.ts";
import { openStore } from "../../src/store/store.ts";
import { connect, type TestClient } from "../support/client.ts";
import { fromSource, scratch } from "../support/server.ts";

const open: TestClient[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close().catch(() => {})));
});

function workspace(): string {
  const { folder, remove } = scratch();
  onTestFinished(remove);
  return folder;
}

async function serve(folder: string, env: Record<string, string> = {}): Promise<TestClient> {
  const client = await connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: folder, ...env } });
  open.push(client);
  return client;
}

const jobId = (structured: Record<string, unknown>) =>
  z.object({ job: z.object({ job_id: z.string() }) }).parse(structured).job.job_id;
const Job = z.object({ state: z.string(), run_id: z.string().nullable(), result: z.unknown(), error: z.unknown() });
const verified = async (client: TestClient) =>
  (await client.call("ml_transparency_audit", { action: "verify" })).structured;

/** A sweep that would go on for an hour. */
const endless = {
  dataset: "bc",
  target: "target",
  family: "random_forest",
  trials: 10_000,
  time_budget_seconds: 3600,
  wait_seconds: 0,
};
const ingest = { source: "sample:breast_cancer", name: "bc" };

async function workers(folder: string, id: string): Promise<number> {
  const store = await openStore(folder);
  try {
    return store.jobs.get(id)?.pid ?? 0;
  } finally {
    store.close();
  }
}

async function workerOf(folder: string, id: string): Promise<number> {
  let pid = 0;
  while (pid === 0) {
    await sleep(100);
    pid = await workers(folder, id);
  }
  return pid;
}

describe("a job", () => {
  test("is cancelled with its whole process tree within two seconds, and nothing of it is kept", async () => {
    const folder = workspace();
    const client = await serve(folder);
    await client.call("ml_data_ingest", ingest);
    const id = jobId((await client.call("ml_training_sweep", endless)).structured);
    const pid = await workerOf(folder, id);
    const cancelled = await client.call("ml_training_sweep", { job_id: id, cancel: true });
    expect(cancelled.text).toMatch(/^cancelled: /);
    await expect.poll(() => isAlive(pid, null), { timeout: 2000 }).toBe(false);
    expect(await client.read(`ml://runs/${id}`)).toMatchObject({ status: "CANCELLED" });
    expect(existsSync(join(folder, "models"))).toBe(false);
    expect(await verified(client)).toMatchObject({ ok: true });
  });

  test("is stopped by a client that cancels its request", async () => {
    const folder = workspace();
    const client = await serve(folder);
    await client.call("ml_data_ingest", ingest);
    const stop = new AbortController();
    const call = client
      .call("ml_training_sweep", { ...endless, wait_seconds: 45 }, { signal: stop.signal })
      .catch((error: unknown) => error);
    const store = await openStore(folder);
    onTestFinished(() => store.close());
    while (!store.jobs.running().some(({ pid }) => pid !== null)) await sleep(100);
    const pid = store.jobs.running().find(({ tool }) => tool === "ml_training_sweep")?.pid ?? 0;
    stop.abort();
    await call;
    await expect.poll(() => isAlive(pid, null), { timeout: 2000 }).toBe(false);
    await expect.poll(() => store.events.query({ tool: "ml_training_sweep" }).items[0]?.outcome).toBe("cancelled");
  });

  test("goes on when its client and server leave, and the next server records it once", async () => {
    const folder = workspace();
    const first = await serve(folder);
    await first.call("ml_data_ingest", ingest);
    const id = jobId(
      (await first.call("ml_training_sweep", { ...endless, trials: 5, time_budget_seconds: 60 })).structured,
    );
    const pid = await workerOf(folder, id);
    await first.close();
    await sleep(500);
    expect(isAlive(pid, null)).toBe(true);
    await expect.poll(() => isAlive(pid, null), { timeout: 90_000, interval: 500 }).toBe(false);
    expect(existsSync(join(folder, "jobs", id, "result.json"))).toBe(true);
    const [second, third] = [await serve(folder), await serve(folder)];
    const [one, other] = await Promise.all(
      [second, third].map((client) => client.call("ml_training_sweep", { job_id: id })),
    );
    expect(one?.isError, one?.text).toBe(false);
    expect(one?.structured).toEqual(other?.structured);
    expect(await second.read(`ml://runs/${id}`)).toMatchObject({ status: "FINISHED" });
    const { events } = z
      .object({ events: z.array(z.object({ outcome: z.string(), kind: z.string() })) })
      .parse((await second.call("ml_transparency_audit", { action: "query", call_id: id })).structured);
    expect(events.filter(({ kind, outcome }) => kind === "action" && outcome === "ok")).toHaveLength(1);
    expect(await verified(second)).toMatchObject({ ok: true });
  });

  test("whose worker is killed is an error with a way out, and its run has failed", async () => {
    const folder = workspace();
    const client = await serve(folder);
    await client.call("ml_data_ingest", ingest);
    const id = jobId((await client.call("ml_training_sweep", endless)).structured);
    process.kill(await workerOf(folder, id), "SIGKILL");
    const answer = await client.call("ml_training_sweep", { job_id: id });
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain("SIGKILL");
    expect(await client.read(`ml://runs/${id}`)).toMatchObject({ status: "FAILED" });
    expect(Job.parse(await client.read(`ml://jobs/${id}`)).state).toBe("error");
  });
});

describe("a server killed in the middle of its work", () => {
  test("leaves every acknowledged call recorded, versions whole and the chain unbroken", async () => {
    const folder = workspace();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const client = await serve(folder);
      const calls = Array.from({ length: 12 }, async (_, at) => {
        const answer = await client.call("ml_data_ingest", { source: "sample:iris", name: `iris_${round}_${at}` });
        if (!answer.isError) acknowledged.push(`iris_${round}_${at}`);
      });
      const all = Promise.allSettled(calls);
      while (acknowledged.length < (round + 1) * 3) await sleep(20);
      process.kill(client.pid, "SIGKILL");
      await all;
    }
    const client = await serve(folder);
    expect(await verified(client)).toMatchObject({ ok: true });
    const { datasets } = z
      .object({ datasets: z.array(z.object({ dataset: z.string() })) })
      .parse(await client.read("ml://datasets"));
    const known = datasets.map(({ dataset }) => dataset.replace("@1", ""));
    expect(acknowledged.filter((name) => !known.includes(name))).toEqual([]);
    for (const name of known)
      expect(readdirSync(join(folder, "datasets", name, "1")).sort()).toEqual(["data.parquet", "dataset.json"]);
  });
});

test("two servers on one workspace record a thousand calls each, and nothing is lost", async () => {
  const folder = workspace();
  const servers = await Promise.all([serve(folder), serve(folder)]);
  const each = async (client: TestClient) => {
    for (let call = 0; call < 50; call += 1) {
      await Promise.all(
        Array.from({ length: 20 }, () => client.call("ml_transparency_audit", { action: "query", limit: 1 })),
      );
    }
  };
  await Promise.all(servers.map(each));
  expect(await verified(servers[0])).toMatchObject({ ok: true, checked: 2000, first_bad: null });
});

test("every line on stdout is JSON-RPC, whatever the tools print", async () => {
  const folder = workspace();
  const server = spawn(fromSource.command, [...fromSource.args, "--workspace", folder], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  onTestFinished(() => void server.kill("SIGKILL"));
  let output = "";
  server.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  const send = (message: object) => server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  send({
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
  });
  send({ method: "notifications/initialized" });
  const calls: [string, object][] = [
    ["ml_data_ingest", ingest],
    ["ml_data_validate", { dataset: "bc" }],
    ["ml_data_profile", { dataset: "bc", target: "target" }],
    ["ml_data_transform", { dataset: "bc", steps: [{ op: "split", method: "random" }] }],
    ["ml_training_train", { dataset: "bc_train", target: "target", family: "lightgbm", model_name: "m" }],
    ["ml_training_evaluate", { model: "m", dataset: "bc_test" }],
    ["ml_training_sweep", { dataset: "bc_train", target: "target", family: "linear", trials: 2 }],
    ["ml_training_experiment", { action: "search" }],
    ["ml_safety_fairness", { model: "m", dataset: "bc", sensitive: ["mean radius"] }],
    ["ml_interpretability_importance", { model: "m", dataset: "bc_test" }],
    ["ml_transparency_explain", { model: "m", dataset: "bc_test", row: 0 }],
    ["ml_zoo_card", { model: "m" }],
    ["ml_transparency_audit", { action: "verify" }],
  ];
  const Message = z.looseObject({
    jsonrpc: z.literal("2.0"),
    id: z.number().optional(),
    result: z.looseObject({ isError: z.boolean().optional() }).optional(),
  });
  // On a busy machine a first call takes longer than it waits when nobody says, and the next ones need what it makes.
  const patient = new Set<string>(tools.filter(isLong).map(({ name }) => name));
  for (const [at, [name, asked]] of calls.entries()) {
    const args = patient.has(name) ? { ...asked, wait_seconds: 45 } : asked;
    send({ id: at + 1, method: "tools/call", params: { name, arguments: args, _meta: { progressToken: at } } });
    await expect
      .poll(() => output.includes(`"id":${at + 1}}`) || output.includes(`"id":${at + 1},`), { timeout: 60_000 })
      .toBe(true);
  }
  const messages = output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Message.parse(JSON.parse(line)));
  expect(messages.filter(({ id, result }) => id !== undefined && result?.isError)).toEqual([]);
  expect(messages.filter(({ id }) => id !== undefined)).toHaveLength(calls.length + 1);
});

const mountable = process.getuid?.() === 0 && process.platform === "linux";

test.skipIf(!mountable)("a full disk is an error, and what was recorded stays whole", async ({ skip }) => {
  const folder = join(workspace(), "small");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    skip("mounting a small file system is not allowed here");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  const client = await serve(folder);
  await client.call("ml_data_ingest", { source: "sample:iris", name: "before" });
  let filler = 0;
  try {
    for (; filler < 300; filler += 1) writeFileSync(join(folder, `filler-${filler}`), Buffer.alloc(16 * 1024));
  } catch {
    // Full, as wanted.
  }
  const full = await client.call("ml_data_ingest", { source: "sample:digits", name: "digits" });
  expect(full.text).toMatch(/^failed: .*(disk|room)/);
  execFileSync("sh", ["-c", `rm -f ${join(folder, "filler-")}*`]);
  const after = await serve(folder);
  expect(await verified(after)).toMatchObject({ ok: true });
  expect((await after.call("ml_data_validate", { dataset: "before" })).isError).toBe(false);
  expect(existsSync(join(folder, "datasets", "digits"))).toBe(false);
});

test("a workspace that cannot be opened is said in an answer, and opened once it is mended", async () => {
  const folder = workspace();
  writeFileSync(join(folder, "engine.db"), "somebody's notes ".repeat(100));
  const client = await serve(folder);
  const answer = await client.call("ml_data_ingest", ingest);
  expect(answer).toMatchObject({
    isError: true,
    text: "failed: The workspace cannot be opened.\nThe server has written on its standard error why. Mend that, or name another folder with --workspace.",
  });
  rmSync(join(folder, "engine.db"));
  expect((await client.call("ml_data_ingest", ingest)).isError).toBe(false);
});

test("a job that cannot be looked after does not keep the workspace shut", async () => {
  const folder = workspace();
  const store = await openStore(folder);
  const gone = { owner_pid: process.pid, owner_started: 1 };
  store.jobs.create({ id: "1", tool: "ml_training_sweep", call: "{", run_id: null, ...gone });
  store.close();
  const client = await serve(folder);
  expect((await client.call("ml_data_ingest", ingest)).isError).toBe(false);
});

test("a link, dots and a folder do not lead out of the allowed folders", async () => {
  const [folder, outside] = [workspace(), workspace()];
  writeFileSync(join(outside, "secret.csv"), "a\n1\n");
  symlinkSync(join(outside, "secret.csv"), join(folder, "link.csv"));
  const client = await serve(folder);
  for (const source of [
    "link.csv",
    join(outside, "secret.csv"),
    `../${outside.split("/").at(-1)}/secret.csv`,
    outside,
  ]) {
    expect((await client.call("ml_data_ingest", { source, name: "stolen" })).text).toMatch(/^refused: source: /);
  }
  expect((await client.call("ml_data_ingest", { source: "nothing.csv", name: "x" })).text).toMatch(/^not_found: /);
  expect(readFileSync(join(outside, "secret.csv"), "utf8")).toBe("a\n1\n");
});
