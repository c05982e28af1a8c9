import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { measures, type Run, randomizationTest, ranking } from "../../../src/domains/rag/evaluate/metrics.ts";

/** Three queries, and what pytrec_eval-terrier 0.5.11 (trec_eval's own code) says of them. */
const CASES: readonly { judged: Record<string, number>; run: Record<string, number>; k3: number[]; k10: number[] }[] = [
  {
    judged: { d1: 2, d2: 1, d3: 0, d9: 1 },
    run: { d2: 0.9, d3: 0.8, d1: 0.7, d8: 0.6 },
    k3: [0.6387878864795979, 0.5555555555555555, 1, 0.6666666666666666, 0.6666666666666666, 0.6666666666666666, 1],
    k10: [0.6387878864795979],
  },
  {
    // Equal scores: trec_eval takes the later name first.
    judged: { d4: 1 },
    run: { d1: 0.5, d4: 0.5, d2: 0.5 },
    k3: [1, 1, 1, 0.3333333333333333, 1, 1, 1],
    k10: [1],
  },
  {
    judged: { d5: 3, d6: 2, d7: 1 },
    run: { d7: 3.0, d1: 2.5, d5: 2.0, d2: 1.5, d6: 1.0 },
    k3: [0.5250049893849101, 0.7555555555555555, 1, 0.6666666666666666, 0.6666666666666666, 1, 1],
    k10: [0.6874847125494647],
  },
];

const asRun = (scores: Readonly<Record<string, number>>): Run =>
  Object.entries(scores).map(([document, score]) => ({ document, score }));

describe("measures", () => {
  test.each(CASES)("are trec_eval's, case %#", ({ judged, run, k3, k10 }) => {
    const three = measures(asRun(run), judged, 3);
    const names = ["ndcg@3", "map", "mrr", "precision@3", "recall@3", "recall@100", "hit@3"];
    for (const [at, name] of names.entries()) expect(three[name], name).toBeCloseTo(k3[at] ?? Number.NaN, 12);
    expect(measures(asRun(run), judged, 10)["ndcg@10"]).toBeCloseTo(k10[0] ?? Number.NaN, 12);
  });

  const names = fc.constantFrom(..."abcdefghij");
  const runs = fc.array(fc.record({ document: names, score: fc.integer({ min: 0, max: 5 }) }), { maxLength: 20 });
  const judgements = fc.dictionary(names, fc.integer({ min: 0, max: 3 }), { maxKeys: 10 });

  test("lie between 0 and 1, do not depend on the order things come in, and are 1 for a perfect ranking", () => {
    fc.assert(
      fc.property(runs, judgements, fc.integer({ min: 1, max: 12 }), (run, judged, k) => {
        const found = measures(run, judged, k);
        for (const value of Object.values(found)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
        expect(measures([...run].reverse(), judged, k)).toEqual(found);
        const perfect = Object.entries(judged).map(([document, score]) => ({ document, score }));
        if (perfect.some(({ score }) => score > 0)) {
          expect(measures(perfect, judged, k)[`ndcg@${k}`]).toBeCloseTo(1, 12);
          expect(measures(perfect, judged, k)["map"]).toBeCloseTo(1, 12);
        }
      }),
    );
  });

  test("count each document once, by its best chunk", () => {
    fc.assert(
      fc.property(runs, (run) => {
        const documents = ranking(run);
        expect(new Set(documents).size).toBe(documents.length);
        expect([...documents].sort()).toEqual([...new Set(run.map(({ document }) => document))].sort());
      }),
    );
  });
});

describe("randomizationTest", () => {
  test("finds no difference between equal systems, and a small p between very different ones", () => {
    const values = Array.from({ length: 30 }, (_, at) => (at % 7) / 7);
    expect(randomizationTest(values, values)).toEqual({ difference: 0, p: 1 });
    const better = randomizationTest(
      values.map((value) => value + 0.5),
      values,
    );
    expect(better.difference).toBeCloseTo(0.5, 12);
    expect(better.p).toBeLessThan(0.001);
  });
});
