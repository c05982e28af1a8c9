import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { connect } from "@lancedb/lancedb";
import { expect, onTestFinished, test } from "vitest";
import { Leases } from "../../src/collections/leases.ts";
import { root, scratch } from "../support/server.ts";

const LASTS_MS = 1500;

/** Leases at one address, each with a connection of its own, as processes of other workspaces have. */
function leasesAt(folder: string): Leases {
  const connection = connect(folder, { readConsistencyInterval: 0 });
  return new Leases(() => connection, LASTS_MS);
}

function folder(): string {
  const made = scratch();
  onTestFinished(made.remove);
  return made.folder;
}

test("one works at a time, from the first moment of an address on", async () => {
  const address = folder();
  let [working, most, done] = [0, 0, 0];
  const work = async () => {
    working += 1;
    most = Math.max(most, working);
    await sleep(50);
    working -= 1;
    done += 1;
  };
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const leases = leasesAt(address);
      for (let turn = 0; turn < 3; turn += 1) await leases.hold("collection:h", work);
    }),
  );
  expect({ most, done }).toEqual({ most: 1, done: 12 });
});

test("work that lasts longer than a lease keeps it; other names are free", async () => {
  const address = folder();
  const [one, other] = [leasesAt(address), leasesAt(address)];
  const order: string[] = [];
  const long = one.hold("collection:h", async () => {
    order.push("begun");
    await sleep(3 * LASTS_MS);
    order.push("ended");
  });
  await expect.poll(() => order.length, { timeout: 20_000 }).toBe(1);
  await other.hold("collection:else", async () => void order.push("else"));
  await other.hold("collection:h", async () => void order.push("next"));
  await long;
  expect(order).toEqual(["begun", "else", "ended", "next"]);
});

test("the lease of a killed process is taken over", async () => {
  const address = folder();
  const script = `
import { connect } from "@lancedb/lancedb";
import { Leases } from ${JSON.stringify(pathToFileURL(join(root, "src/collections/leases.ts")).href)};
const connection = connect(${JSON.stringify(address)}, { readConsistencyInterval: 0 });
await new Leases(() => connection, ${LASTS_MS}).hold("collection:h", async () => process.kill(process.pid, "SIGKILL"));`;
  const killed = await new Promise((resolve) => {
    execFile(process.execPath, ["--input-type=module", "-e", script], { cwd: root }, (error) => resolve(error?.signal));
  });
  expect(killed).toBe("SIGKILL");
  const before = performance.now();
  expect(await leasesAt(address).hold("collection:h", async () => "mine")).toBe("mine");
  expect(performance.now() - before).toBeGreaterThan(LASTS_MS);
});

test("who was taken over from hears of it", async () => {
  const address = folder();
  const leases = leasesAt(address);
  const work = leases.hold("collection:h", async () => {
    const table = await (await connect(address)).openTable(".leases");
    await table.update({ where: "holder != ''", values: { holder: "another" } });
    return "done";
  });
  await expect(work).rejects.toThrow(/stood still for so long/u);
  await expect(leases.hold("collection:else", () => Promise.reject(new Error("its own")))).rejects.toThrow("its own");
});
