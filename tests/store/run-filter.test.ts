import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { ToolError } from "../../src/kernel/errors.ts";
import type { Run } from "../../src/kernel/ports.ts";
import type { RunStore } from "../../src/store/runs.ts";
import { aCondition, FAMILIES, METRICS, TAGS } from "../support/conditions.ts";
import { points } from "../support/record.ts";
import { workspace } from "../support/workspace.ts";

async function runs() {
  const { store, remove } = await workspace();
  onTestFinished(remove);
  return { runs: store.runs };
}

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

const aRun = fc.record({
  metrics: fc.tuple(...METRICS.map(() => fc.option(fc.integer({ min: -4, max: 4 }).map((n) => n / 4)))),
  family: fc.constantFrom(...FAMILIES),
  stage: fc.constantFrom(...TAGS),
});

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
