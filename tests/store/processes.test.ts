import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { root, scratch } from "../support/server.ts";

interface Appender {
  readonly child: ChildProcess;
  /** Numbers it said were written, once it has ended. */
  readonly acknowledged: Promise<number[]>;
}

function appender(workspace: string, count: number): Appender {
  const script = join(root, "tests/support/appender.ts");
  const child = spawn(process.execPath, [script, workspace, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  // What follows the last line end is a number cut short.
  const acknowledged = once(child, "close").then(() => said.split("\n").slice(0, -1).map(Number));
  return { child, acknowledged };
}

describe("several processes on one workspace", () => {
  test("lose nothing and keep one chain", async () => {
    const { folder, remove } = scratch();
    const said = await Promise.all([1, 2, 3, 4].map(() => appender(folder, 250).acknowledged));
    const seqs = said.flat().sort((a, b) => a - b);

    const store = await openStore(folder);
    expect(seqs).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
    expect(store.events.count()).toBe(1000);
    expect(store.events.verify()).toMatchObject({ ok: true, checked: 1000, size: 1000, checkpoints: 1 });
    store.close();
    remove();
  });

  test("killed at any moment have written all that they said they had", async () => {
    const { folder, remove } = scratch();
    const acknowledged: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const victims = [appender(folder, 100_000), appender(folder, 100_000)];
      await Promise.all(victims.map(({ child }) => once(child.stdout ?? child, "data")));
      await after(Math.random() * 250);
      for (const { child } of victims) child.kill("SIGKILL");
      for (const { acknowledged: said } of victims) acknowledged.push(...(await said));

      const store = await openStore(folder);
      const { ok, size, problem } = store.events.verify();
      expect({ ok, problem }).toEqual({ ok: true, problem: null });
      expect(new Set(acknowledged).size).toBe(acknowledged.length);
      expect(size).toBeGreaterThanOrEqual(Math.max(...acknowledged));
      // Each process may have written one more that it had no time to speak of.
      expect(size - acknowledged.length).toBeLessThanOrEqual(2 * (round + 1));
      store.close();
    }
    remove();
  });
});
