import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { isAlive } from "../../src/runtime/processes.ts";
import { root, scratch } from "../support/server.ts";

const gone = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));

test("a keeper that is told to stop at any moment of its start leaves no server and no half record", async () => {
  const { folder, remove } = scratch();
  onTestFinished(remove);
  // The program tells its number, since a keeper that is stopped in time may not have.
  const program = `echo $$ > "$0.started"; exec sleep 600`;
  for (let at = 0; at < 60; at += 1) {
    const args = [join(root, "bin/keep.mjs"), folder, `s${at}`, "sh", "-c", program, join(folder, `s${at}`)];
    const keeper = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "ignore"] });
    const ended = gone(keeper);
    await sleep(20 + at);
    keeper.kill("SIGTERM");
    await ended;
  }
  await sleep(500);
  const files = readdirSync(folder);
  expect(files.filter((name) => name.endsWith(".part"))).toEqual([]);
  const alive = files
    .filter((name) => name.endsWith(".started"))
    .map((name) => Number(readFileSync(join(folder, name), "utf8")))
    .filter((pid) => pid > 0 && isAlive(pid, null));
  for (const pid of alive) process.kill(pid, "SIGKILL");
  expect(alive).toEqual([]);
});
