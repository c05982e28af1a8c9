import { describe, expect, onTestFinished, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { body } from "../support/record.ts";
import { workspace } from "../support/workspace.ts";

const job = (id: string) => ({ id, tool: "t", call: "{}", run_id: null, owner_pid: 1, owner_started: null });

async function twoServers() {
  const { folder, store, remove } = await workspace();
  const other = await openStore(folder);
  onTestFinished(() => {
    other.close();
    remove();
  });
  return { store, other };
}

describe("a job", () => {
  test("is settled by whoever comes first, and by nobody after", async () => {
    const { store, other } = await twoServers();
    store.jobs.create(job("a"));
    const settle = (by: typeof store, result: string) =>
      by.jobs.settle("a", () => {
        by.events.append(body(1));
        return { state: "done", result };
      });
    settle(other, "first");
    settle(store, "second");
    other.jobs.settle("a", () => ({ state: "error", error: { kind: "failed", message: "late", hint: null } }));

    expect(store.jobs.get("a")).toMatchObject({ state: "done", result: "first", error: null });
    expect(store.events.count()).toBe(1);
  });

  test("stays as it was when what is written with its end fails", async () => {
    const { store, other } = await twoServers();
    store.jobs.create(job("a"));
    store.runs.start({ id: "r", experiment: "e", name: "n", tool: "t", info: {}, params: {} });
    const failing = () =>
      store.jobs.settle("a", () => {
        store.events.append(body(1));
        store.runs.end("r", "FINISHED");
        throw new Error("disk full");
      });

    expect(failing).toThrow("disk full");
    expect(other.jobs.get("a")).toMatchObject({ state: "running", ended: null });
    expect(other.runs.get("r")).toMatchObject({ status: "RUNNING" });
    expect(other.events.count()).toBe(0);

    other.jobs.settle("a", () => ({ state: "cancelled", error: { kind: "cancelled", message: "m", hint: "h" } }));
    other.events.append(body(1));
    expect(store.jobs.get("a")).toMatchObject({ state: "cancelled", error: { kind: "cancelled", hint: "h" } });
    expect(store.events.verify()).toMatchObject({ ok: true, size: 1 });
  });

  test("is listed newest first, and while it runs", async () => {
    const { store, other } = await twoServers();
    store.jobs.create(job("a"));
    other.jobs.create(job("b"));
    other.jobs.started("b", 42, 7);
    store.jobs.settle("a", () => ({ state: "done", result: { rows: 1 } }));

    expect(other.jobs.running()).toMatchObject([{ id: "b", pid: 42, pid_started: 7 }]);
    expect(
      store.jobs
        .list(10)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(["a", "b"]);
    expect(store.jobs.get("nothing")).toBeUndefined();
  });
});
