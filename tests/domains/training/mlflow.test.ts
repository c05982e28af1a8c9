import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { z } from "zod";
import { connect } from "../../support/client.ts";
import { test as base, fromSource, root, scratch } from "../../support/server.ts";
import { people } from "./people.ts";

const EXPERIMENT = "ml_training_experiment";
const Runs = z.array(z.looseObject({ run_id: z.string(), tags: z.record(z.string(), z.string()) }));
const python = join(root, "python/.venv/bin/python");

/** What MLflow's own client reads of a store, without what it adds itself. */
const READ = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
out = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        history = {key: sorted([m.step, m.timestamp, m.value] for m in client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics}
        out.append({"run": run.data.tags["ml_engine.run_id"], "experiment": experiment.name, "name": run.info.run_name, "status": run.info.status,
            "started": run.info.start_time, "ended": run.info.end_time, "params": run.data.params, "history": history, "note": run.data.tags.get("mlflow.note.content", ""),
            "inputs": [[i.dataset.name, i.dataset.digest] for i in run.inputs.dataset_inputs]})
print(json.dumps(out))
`;
/** 130 runs of somebody else's in one experiment, two in another. */
const SEED = `
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
for name, count in (("many", 130), ("few", 2)):
    made = client.create_experiment(name)
    for at in range(count):
        run = client.create_run(made, start_time=1000, run_name=f"{name} {at}")
        client.log_metric(run.info.run_id, "loss", at / 7, timestamp=2000, step=3)
        client.set_terminated(run.info.run_id, end_time=3000)
`;

const Theirs = z.array(
  z.object({
    run: z.string(),
    experiment: z.string(),
    name: z.string(),
    status: z.string(),
    started: z.int(),
    ended: z.int(),
    params: z.record(z.string(), z.string()),
    history: z.record(z.string(), z.array(z.tuple([z.int(), z.int(), z.number()]))),
    note: z.string(),
    inputs: z.array(z.tuple([z.string(), z.string()])),
  }),
);

const readByMlflow = (store: string) =>
  Theirs.parse(
    JSON.parse(
      execFileSync(python, ["-c", READ, store], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"] ?? "", MLFLOW_DISABLE_TELEMETRY: "true" },
      }),
    ),
  );

/** Two finished runs, one with a note and a tag, and where they may be mirrored. */
const test = base.extend("made", { scope: "file" }, async ({ client, workspace }) => {
  const dataset = `${workspace}/people.csv`;
  writeFileSync(dataset, people(120));
  await client.call(EXPERIMENT, { action: "create", experiment: "default", text: "Who leaves?" });
  const ids: string[] = [];
  for (const family of ["linear", "knn"]) {
    const { structured } = await client.call("ml_training_train", {
      dataset,
      target: "leaves",
      family,
      wait_seconds: 45,
    });
    ids.push(z.string().parse(structured["run_id"]));
  }
  const [first, second] = z.tuple([z.string(), z.string()]).parse(ids);
  await client.call(EXPERIMENT, { action: "note", runs: [first], text: "the simple one" });
  await client.call(EXPERIMENT, { action: "tag", runs: [first], tags: { stage: "candidate" } });
  return { first, second, store: `sqlite:///${workspace}/exports/mlflow.db` };
});

const steady = (text: string) => text.replaceAll(/(?<=sqlite:\/\/\/)\/\S+\//g, "…/");

describe("ml_training_experiment and MLflow", () => {
  test("runs go to a store, are read there by MLflow, and come into another workspace as they were", async ({
    client,
    made,
  }) => {
    const { first, second, store } = made;
    const mirrored = await client.call(EXPERIMENT, {
      action: "mirror",
      store: "sqlite:///mlflow.db",
    });
    const again = await client.call(EXPERIMENT, { action: "mirror", store });
    const theirs = readByMlflow(store);
    expect(steady(mirrored.text)).toMatchInlineSnapshot(`
      "2 runs mirrored to sqlite:///…/mlflow.db, 0 brought up to date, 0 there already; 182 values of metrics.
      Experiments: default."
    `);
    expect(steady(again.text)).toMatchInlineSnapshot(`
      "0 runs mirrored to sqlite:///…/mlflow.db, 0 brought up to date, 2 there already; 0 values of metrics.
      Experiments: default."
    `);
    expect(theirs.map(({ run }) => run).toSorted()).toEqual([first, second].toSorted());

    const other = scratch();
    const elsewhere = await connect("v2", {
      ...fromSource,
      env: { ML_ENGINE_WORKSPACE: other.folder, ML_ENGINE_ALLOW_DIRS: join(store.replace("sqlite:///", ""), "..") },
    });
    try {
      const imported = await elsewhere.call(EXPERIMENT, { action: "import", store, experiment: "default" });
      const twice = await elsewhere.call(EXPERIMENT, { action: "import", store, experiment: "default" });
      expect(steady(imported.text)).toMatchInlineSnapshot(`
        "2 runs imported from sqlite:///…/mlflow.db, 0 brought up to date, 0 there already; 182 values of metrics.
        Experiments: default."
      `);
      expect(steady(twice.text)).toMatchInlineSnapshot(`
        "0 runs imported from sqlite:///…/mlflow.db, 0 brought up to date, 2 there already; 0 values of metrics.
        Experiments: default."
      `);

      for (const id of [first, second]) {
        const [here, there] = await Promise.all(
          [client, elsewhere].map(
            async (one) => (await one.call(EXPERIMENT, { action: "show", runs: [id] })).structured,
          ),
        );
        const strip = (runs: unknown) =>
          Runs.parse(runs).map(({ tags: { "imported.store": from, "imported.run_id": _, ...tags }, ...run }) => ({
            run: { ...run, tags },
            from,
          }));
        expect(strip(there?.["runs"])).toEqual(strip(here?.["runs"]).map(({ run }) => ({ run, from: store })));
        expect(there?.["curves"]).toEqual(here?.["curves"]);
        const info = async (one: typeof client) =>
          (await one.call(EXPERIMENT, { action: "info", runs: [id] })).structured["info"];
        expect(await info(elsewhere)).toEqual(await info(client));

        const [shown] = z
          .array(z.looseObject({ started: z.string(), ended: z.string(), note: z.string(), status: z.string() }))
          .parse(here?.["runs"]);
        expect(theirs.find(({ run }) => run === id)).toMatchObject({
          status: shown?.status,
          started: Date.parse(shown?.started ?? ""),
          ended: Date.parse(shown?.ended ?? ""),
          note: shown?.note,
        });
        const curves = z
          .array(z.object({ key: z.string(), steps: z.array(z.int()), values: z.array(z.number()) }))
          .parse(z.array(z.looseObject({})).parse(here?.["curves"]));
        for (const { key, steps, values } of curves)
          expect(theirs.find(({ run }) => run === id)?.history[key]?.map(([step, , value]) => [step, value])).toEqual(
            steps.map((step, at) => [step, values[at]]),
          );
      }
    } finally {
      await elsewhere.close();
      other.remove();
    }
  });

  test("a folder is a store too, and one run can go alone", async ({ client, made, workspace }) => {
    const alone = await client.call(EXPERIMENT, { action: "mirror", store: "runs", runs: [made.first] });
    const home = await client.call(EXPERIMENT, { action: "import", store: "runs", experiment: "default" });

    expect(alone.structured["mlflow"]).toMatchObject({ added: 1, experiments: ["default"], warnings: [] });
    expect(home.structured["mlflow"]).toMatchObject({ added: 0, unchanged: 1, metrics: 0 });
    expect(existsSync(join(workspace, "exports/runs"))).toBe(true);
  });

  test("many runs of several experiments come and go page by page, each once", async () => {
    const other = scratch();
    const from = `sqlite:///${other.folder}/theirs.db`;
    execFileSync(python, ["-c", SEED, from], {
      stdio: "ignore",
      env: { PATH: process.env["PATH"] ?? "", MLFLOW_DISABLE_TELEMETRY: "true" },
    });
    const place = scratch();
    const client = await connect("v2", {
      ...fromSource,
      env: { ML_ENGINE_WORKSPACE: place.folder, ML_ENGINE_ALLOW_DIRS: other.folder },
    });
    try {
      for (const [experiment, added] of [
        ["many", 130],
        ["few", 2],
      ] as const) {
        const { structured } = await client.call(EXPERIMENT, { action: "import", store: from, experiment });
        expect(structured["mlflow"]).toMatchObject({ added, unchanged: 0, metrics: added, warnings: [] });
      }
      const mirrored = await client.call(EXPERIMENT, { action: "mirror", store: "sqlite:///ours.db" });
      const home = await client.call(EXPERIMENT, { action: "mirror", store: from });
      expect(mirrored.structured["mlflow"]).toMatchObject({ added: 132, metrics: 132, warnings: [] });
      expect(home.structured["mlflow"]).toMatchObject({ added: 0, updated: 0, unchanged: 132, metrics: 0 });

      const theirs = readByMlflow(`sqlite:///${place.folder}/exports/ours.db`);
      expect(new Set(theirs.map(({ run }) => run)).size).toBe(132);
      expect(theirs.filter(({ experiment }) => experiment === "many")).toHaveLength(130);
      for (const { name, history, started, ended } of theirs)
        expect({ history, started, ended }).toEqual({
          history: { loss: [[3, 2000, Number(name.split(" ")[1]) / 7]] },
          started: 1000,
          ended: 3000,
        });
    } finally {
      await client.close();
      other.remove();
      place.remove();
    }
  });

  test.for([
    [{ action: "mirror" }, "invalid_input: `mirror` needs `store`."],
    [{ action: "import", store: "sqlite:///mlflow.db" }, "invalid_input: `import` needs `experiment`."],
    [
      { action: "mirror", store: "postgresql://ann:s3cret@db.example/mlflow" },
      "invalid_input: store: `postgresql://` is no MLflow store known here.\nGive sqlite:///runs.db, a folder, or",
    ],
    [{ action: "mirror", store: "sqlite://runs.db" }, "invalid_input: store: `sqlite://runs.db` is no SQLite address"],
    [
      { action: "mirror", store: "sqlite:////etc/runs.db" },
      "refused: store: `/etc/runs.db` lies outside the allowed folders.",
    ],
    [
      { action: "mirror", store: "sqlite:///x.db", experiment: "chrn" },
      "not_found: experiment: there is no experiment `chrn`.",
    ],
    [{ action: "import", store: "sqlite:///none.db", experiment: "default" }, "not_found: store: there is no database"],
    [
      { action: "mirror", store: "http://ann:s3cret@127.0.0.1:1/" },
      "refused: store: 127.0.0.1 is an address of a private network.",
    ],
    [
      { action: "mirror", store: "http://ann:s3/cret@db.example/" },
      "invalid_input: store: this is no address of a tracking server.",
    ],
    [
      { action: "mirror", store: "https://s3cret@db.example/?x=1" },
      "invalid_input: store: this is no address of a tracking server.",
    ],
  ] as const)("%o is answered with what is wrong", async ([params, message], { client, made, events }) => {
    expect(made.first).not.toBe(made.second);
    const result = await client.call(EXPERIMENT, params);
    expect(result.text).toContain(message);
    expect(result.text).not.toContain("s3cret");
    expect(JSON.stringify(await events())).not.toMatch(/s3cret|s3\/cret/);
  });

  test("a host that refuses is named without credentials, and a redirect is not followed", async ({ made }) => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(302, { location: "http://127.0.0.1:9/elsewhere" }).end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = z.object({ port: z.int() }).parse(server.address());
    const other = scratch();
    const client = await connect("v2", {
      ...fromSource,
      env: { ML_ENGINE_WORKSPACE: other.folder, ML_ENGINE_ALLOW_HOSTS: "localhost,127.0.0.1" },
    });
    try {
      const led = await client.call(EXPERIMENT, {
        action: "import",
        store: `http://ann:s3cret@localhost:${port}`,
        experiment: "x",
      });
      expect(led.text).toContain(`store: http://localhost:${port}/ did not answer as an MLflow server does.`);
      expect(seen.length).toBeGreaterThan(0);
      const closed = await client.call(EXPERIMENT, {
        action: "import",
        store: "http://ann:s3cret@127.0.0.1:1",
        experiment: "x",
      });
      expect(closed.text).toContain("failed: store: http://127.0.0.1:1/ cannot be reached.");
      const log = JSON.stringify(await client.read("ml://events"));
      for (const text of [led.text, closed.text, log]) expect(text).not.toContain("s3cret");
      expect(made.store).toContain("sqlite");
    } finally {
      await client.close();
      server.close();
      other.remove();
    }
  });
});
