import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { ToolError } from "../../src/kernel/errors.ts";
import type { Run } from "../../src/kernel/ports.ts";
import type { RunStore } from "../../src/store/runs.ts";
import { points } from "../support/record.ts";
import { workspace } from "../support/workspace.ts";

async function runs() {
  const { store, remove } = await workspace();
  onTestFinished(remove);
  return { store, runs: store.runs };
}

const METRICS = ["roc_auc", "val/loss", "f1 macro"];
const FAMILIES = ["svm", "Linear", "light_gbm", "it's", "50%", "a*b?"];
const TAGS = ["", "prod", "Prod-2", "x"];

interface Drawn {
  readonly metrics: readonly (number | null)[];
  readonly family: string;
  readonly stage: string;
}

function fill(store: RunStore, drawn: readonly Drawn[]): readonly Run[] {
  drawn.forEach(({ metrics, family, stage }, at) => {
    const id = `run-${at}`;
    store.start({
      id,
      experiment: "e",
      name: family,
      tool: "ml_training_train",
      info: {},
      params: { family, depth: at },
    });
    metrics.forEach((value, n) => void (value !== null && store.metrics(id, points(METRICS[n] ?? "", [value]))));
    if (stage !== "") store.tag(id, { stage });
    if (at % 2 === 0) store.end(id, at % 4 === 0 ? "FINISHED" : "FAILED");
  });
  return store.search({ limit: 1000 }).items;
}

/** A condition in the filter's syntax, and what it means. */
interface Condition {
  readonly text: string;
  readonly means: (run: Run) => boolean;
}

const sql = (text: string) => `'${text.replaceAll("'", "''")}'`;
const COMPARE: Readonly<Record<string, (left: number | string, right: number | string) => boolean>> = {
  "=": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
};

/** LIKE, spelled out letter by letter. */
function like(text: string, pattern: string): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text === "";
  if (first === "%") return like(text, rest.join("")) || (text !== "" && like(text.slice(1), pattern));
  return text !== "" && (first === "_" || first === text[0]) && like(text.slice(1), rest.join(""));
}

const aMetric: fc.Arbitrary<Condition> = fc
  .tuple(fc.constantFrom(...METRICS), fc.constantFrom(...Object.keys(COMPARE)), fc.integer({ min: -4, max: 4 }))
  .map(([key, operator, quarter]) => ({
    text: `${/[ ]/.test(key) ? `metrics.\`${key}\`` : `metrics.${key}`} ${operator} ${quarter / 4}`,
    means: ({ metrics }) => key in metrics && (COMPARE[operator]?.(metrics[key] ?? 0, quarter / 4) ?? false),
  }));

const GROUPS = [
  { names: ["params.family", "param.family", "parameters.`family`"], of: (run: Run) => run.params["family"] },
  { names: ["tags.stage", 'tag."stage"', "TAGS.stage"], of: (run: Run) => run.tags["stage"] },
  { names: ["attributes.status", "status", "attr.status"], of: (run: Run) => run.status },
  { names: ["run_name", "attributes.run_name"], of: (run: Run) => run.name },
];
const aGroup = fc
  .constantFrom(...GROUPS)
  .chain(({ names, of }) => fc.constantFrom(...names).map((name) => ({ name, of })));
const aText = fc.constantFrom(...FAMILIES, ...TAGS, "FINISHED", "RUNNING");
const aPattern = fc.oneof(
  aText,
  fc
    .array(fc.constantFrom("%", "_", "l", "G", "P", "*", "?", "[", "prod", "5"), { maxLength: 4 })
    .map((parts) => parts.join("")),
);
const lower = (text: string) => text.toLowerCase();

const aTextCondition: fc.Arbitrary<Condition> = fc
  .tuple(aGroup, fc.constantFrom(...Object.keys(COMPARE)), aText)
  .map(([{ name, of }, operator, text]) => ({
    text: `${name} ${operator} ${sql(text)}`,
    means: (run) => of(run) !== undefined && (COMPARE[operator]?.(String(of(run)), text) ?? false),
  }));
const aPatternCondition: fc.Arbitrary<Condition> = fc
  .tuple(aGroup, fc.constantFrom("LIKE", "like", "ILIKE"), aPattern)
  .map(([{ name, of }, operator, pattern]) => ({
    text: `${name} ${operator} ${sql(pattern)}`,
    means: (run) => {
      const found = of(run);
      if (found === undefined) return false;
      return operator === "ILIKE" ? like(lower(String(found)), lower(pattern)) : like(String(found), pattern);
    },
  }));
const aList: fc.Arbitrary<Condition> = fc
  .tuple(aGroup, fc.array(aText, { minLength: 1, maxLength: 3 }))
  .map(([{ name, of }, texts]) => ({
    text: `${name} IN (${texts.map(sql).join(", ")})`,
    means: (run) => of(run) !== undefined && texts.includes(String(of(run))),
  }));

const aRun = fc.record({
  metrics: fc.tuple(...METRICS.map(() => fc.option(fc.integer({ min: -4, max: 4 }).map((n) => n / 4)))),
  family: fc.constantFrom(...FAMILIES),
  stage: fc.constantFrom(...TAGS),
});
const aCondition = fc.oneof(aMetric, aTextCondition, aPatternCondition, aList);

const HINT = "For example: metrics.roc_auc > 0.9 AND params.family = 'lightgbm'.";

describe("a filter", () => {
  test("finds what filtering by hand finds", async () => {
    const arbitrary = [
      fc.array(aRun, { minLength: 6, maxLength: 8 }),
      fc.array(fc.array(aCondition, { minLength: 1, maxLength: 3 }), { minLength: 30, maxLength: 30 }),
    ] as const;
    await fc.assert(
      fc.asyncProperty(...arbitrary, async (drawn, filters) => {
        const { store, remove } = await workspace();
        const all = fill(store.runs, drawn);
        for (const conditions of filters) {
          const filter = conditions.map(({ text }) => text).join(" AND ");
          const found = store.runs.search({ filter, limit: 100 });
          const expected = all.filter((run) => conditions.every(({ means }) => means(run)));
          expect(found.items.map(({ id }) => id).sort(), filter).toEqual(expected.map(({ id }) => id).sort());
          expect(found.total).toBe(expected.length);
        }
        remove();
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ["metrics.auc >", "filter: expected a number or a text in quotes at character 14, got the end."],
    [
      "metrics.auc 0.8",
      "filter: expected an operator (=, !=, >, >=, <, <=, LIKE, ILIKE, IN) at character 12, got `0.8`.",
    ],
    ["metrics.auc > 'high'", "filter: expected a number beside a metric at character 12, got `> 'high'`."],
    [
      "metrics.auc > 0.8 OR params.a = 'b'",
      "filter: expected AND, or the end at character 18, got `OR params.a = 'b'`.",
    ],
    ["metrics.auc > 0.8 AND", "filter: expected a comparison at character 22, got the end."],
    [
      "metrics.auc > 0.8 AND ; DROP TABLE runs",
      "filter: expected a name, a value or an operator at character 22, got `; DROP TABLE runs`.",
    ],
    ["params.family IN 'svm'", "filter: expected ( after IN at character 17, got `'svm'`."],
    ["params.family IN ('svm' 'knn')", "filter: expected , or ) at character 24, got `'knn')`."],
    ["params.family IN ('svm'", "filter: expected , or ) at character 24, got the end."],
    ["params.family = 'svm", "filter: expected a name, a value or an operator at character 16, got `'svm`."],
    [
      "'svm' = params.family",
      "filter: expected metrics., params., tags. or attributes. at character 1, got `'svm' = params.famil`.",
    ],
    [
      "colour = 'red'",
      "filter: expected metrics., params., tags., or an attribute (status, run_name, name, start_time, end_time, run_id, tool, experiment) at character 1, got `colour = 'red'`.",
    ],
  ])("%s is answered with the place", async (filter, message) => {
    const { runs: store } = await runs();
    expect(() => store.search({ filter })).toThrow(new ToolError("invalid_input", message, HINT));
  });

  test("is never a way into the database, nor a crash", async () => {
    const { runs: store } = await runs();
    fill(store, [{ metrics: [1, null, null], family: "svm", stage: "" }]);
    const junk = fc.array(
      fc.constantFrom(
        "metrics",
        ".",
        "params.",
        "constructor",
        "__proto__",
        "=",
        ">",
        "'",
        "`",
        '"',
        "(",
        ")",
        "IN",
        "AND",
        "1",
        "--",
        ";",
        " ",
        "x'",
      ),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          junk.map((parts) => parts.join("")),
          fc.string({ maxLength: 30 }),
        ),
        (text) => {
          for (const ask of [() => store.search({ filter: text }), () => store.search({ order_by: text })]) {
            try {
              expect(ask().total).toBeLessThanOrEqual(1);
            } catch (error) {
              expect(error).toBeInstanceOf(ToolError);
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("an order", () => {
  test("is by metric, parameter or attribute, runs without one last", async () => {
    const { runs: store } = await runs();
    fill(
      store,
      [0.5, null, 0.75, -1].map((value, at) => ({
        metrics: [value, null, value],
        family: FAMILIES[at] ?? "",
        stage: "",
      })),
    );
    const ids = (order_by: string) => store.search({ order_by }).items.map(({ id }) => Number(id.slice(4)));

    expect(ids("metrics.roc_auc DESC")).toEqual([2, 0, 3, 1]);
    expect(ids("metrics.roc_auc")).toEqual([3, 0, 2, 1]);
    expect(ids("metrics.`f1 macro` desc")).toEqual([2, 0, 3, 1]);
    expect(ids("params.family asc")).toEqual([1, 3, 2, 0]);
    expect(ids("attributes.run_name DESC")).toEqual([0, 2, 3, 1]);
    expect(() => store.search({ order_by: "best first" })).toThrow("order_by: `best first` is not an order.");
  });

  test("pages through every run once", async () => {
    const { runs: store } = await runs();
    fill(
      store,
      Array.from({ length: 7 }, () => ({ metrics: [1, 1, 1], family: "svm", stage: "" })),
    );
    const seen: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const page = store.search({ order_by: "metrics.roc_auc DESC", limit: 3, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `run-${n}`));
  });
});

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
