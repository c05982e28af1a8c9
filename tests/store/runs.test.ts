import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { IMPORTED, type Run } from "../../src/kernel/ports.ts";
import type { RunStore } from "../../src/store/runs.ts";
import { points } from "../support/record.ts";
import { workspace } from "../support/workspace.ts";

async function runs() {
  const { store, remove } = await workspace();
  onTestFinished(remove);
  return { store, runs: store.runs };
}

describe("a run", () => {
  const begin = (store: RunStore, id = "r") =>
    store.start({
      id,
      experiment: "e",
      name: "n",
      tool: "t",
      info: { cores: 2 },
      params: { a: 1, b: true, c: null, d: "1.0.0", e: "word" },
    });

  test("keeps points said twice once, and the value of the last step", async () => {
    const { runs: store } = await runs();
    begin(store);
    const curve = points("loss", [3, 2, 1]);
    store.metrics("r", curve);
    store.metrics("r", curve);
    store.metrics("r", curve.slice(0, 2));

    expect(store.history("r")).toEqual(curve);
    expect(store.get("r")?.metrics).toEqual({ loss: 1 });
  });

  test("has the latest value whatever the order points come in", async () => {
    const { runs: store } = await runs();
    const drawn = fc.uniqueArray(fc.record({ step: fc.nat(20), time: fc.nat(5), value: fc.integer() }), {
      minLength: 1,
      selector: ({ step, time }) => `${step} ${time}`,
    });
    let n = 0;
    fc.assert(
      fc.property(drawn, (values) => {
        n += 1;
        begin(store, `r${n}`);
        for (const point of values) store.metrics(`r${n}`, [{ key: "m", ...point }]);
        const last = values.toSorted((a, b) => a.step - b.step || a.time - b.time).at(-1);
        expect(store.get(`r${n}`)?.metrics).toEqual({ m: last?.value });
        expect(store.history(`r${n}`, "m")).toHaveLength(values.length);
      }),
      { numRuns: 50 },
    );
  });

  test("keeps parameters as what they were", async () => {
    const { runs: store } = await runs();
    begin(store);
    expect(store.get("r")).toMatchObject({
      params: { a: 1, b: true, c: null, d: "1.0.0", e: "word" },
      info: { cores: 2 },
      status: "RUNNING",
    });
  });

  test("ends once", async () => {
    const { runs: store } = await runs();
    begin(store);
    store.end("r", "FINISHED");
    store.end("r", "FAILED");
    expect(store.get("r")).toMatchObject({ status: "FINISHED", ended: expect.any(String) });
  });

  test("that no job will close is closed when a server starts; one whose job runs is left", async () => {
    const { store, runs: runStore } = await runs();
    begin(runStore, "left");
    begin(runStore, "running");
    begin(runStore, "done");
    runStore.end("done", "FINISHED");
    store.jobs.create({ id: "running", tool: "t", call: "{}", run_id: "running", owner_pid: 1, owner_started: null });
    runStore.reap();
    expect(["left", "running", "done"].map((id) => runStore.get(id)?.status)).toEqual([
      "FAILED",
      "RUNNING",
      "FINISHED",
    ]);
  });

  test("made elsewhere comes in once, gains what is new, and is not closed here", async () => {
    const { runs: store } = await runs();
    const run: Run = {
      id: "theirs",
      experiment: "e",
      name: "n",
      tool: "mlflow",
      status: "RUNNING",
      started: "2020-01-02T03:04:05.678Z",
      ended: null,
      params: { depth: "3" },
      metrics: {},
      tags: { [IMPORTED.store]: "sqlite:///x.db", team: "a" },
      note: "",
      archived: false,
      parent: null,
      info: {},
    };
    const curve = points("loss", [3, 2, 1]);
    expect(store.bring(run, curve.slice(0, 2))).toEqual({ outcome: "added", points: 2 });
    expect(store.bring(run, curve.slice(0, 2))).toEqual({ outcome: "unchanged", points: 0 });
    store.tag("theirs", { team: "b" });
    store.reap();
    expect(store.get("theirs")).toMatchObject({ status: "RUNNING", ended: null, started: run.started });
    const ended = "2020-01-02T03:05:05.678Z";
    expect(store.bring({ ...run, status: "CANCELLED", ended }, curve)).toEqual({ outcome: "updated", points: 1 });
    expect(store.get("theirs")).toMatchObject({
      status: "CANCELLED",
      ended,
      params: { depth: 3 },
      metrics: { loss: 1 },
      tags: { team: "b" },
    });
  });

  test("made here is left as it is when it comes home", async () => {
    const { runs: store } = await runs();
    begin(store);
    const before = store.get("r");
    if (before === undefined) throw new Error("it was begun");
    const home = { ...before, status: "FAILED" as const, tags: { [IMPORTED.store]: "sqlite:///x.db" } };
    expect(store.bring(home, points("loss", [1]))).toEqual({ outcome: "unchanged", points: 0 });
    expect(store.get("r")).toEqual(before);
  });

  test("is noted, tagged and archived; one that is not there is named", async () => {
    const { runs: store } = await runs();
    begin(store);
    store.note("r", "good");
    store.tag("r", { stage: "prod" });
    store.tag("r", { stage: "old", owner: "ada" });
    store.archive("r");
    expect(store.get("r")).toMatchObject({ note: "good", tags: { stage: "old", owner: "ada" }, archived: true });
    expect([store.search({}).total, store.search({ archived: true }).total]).toEqual([0, 1]);
    for (const change of [() => store.note("x", ""), () => store.tag("x", { a: "b" }), () => store.archive("x")]) {
      expect(change).toThrow("run: there is no run `x`.");
    }
  });

  test("belongs to an experiment whose description stays until another is given", async () => {
    const { runs: store } = await runs();
    store.createExperiment("e", "first");
    begin(store);
    expect(store.experiments()).toMatchObject([{ name: "e", description: "first", runs: 1 }]);
    store.createExperiment("e", "second");
    expect(store.experiments()).toMatchObject([{ name: "e", description: "second" }]);
  });
});
