import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { z } from "zod";
import { contextOf } from "../../../src/domains/rag/query/context.ts";
import { test as base } from "../../support/server.ts";
import { ingested } from "./ingested.ts";

const QUERY = "ml_rag_query";
const TEXTS = {
  "leave.md":
    "# Leave\n\n## Parents\n\nParental leave lasts twenty weeks. It may begin four weeks before the birth.\n\n## Holidays\n\nHolidays are thirty days a year. Days left over are lost on 31 March.",
  "travel.md": "# Travel\n\nTrains are booked in second class. Flights need a manager's word, given in writing.",
  "office.md": "# Office\n\nThe building closes at nine in the evening. Dogs may come on Fridays.",
  "again.md": "# Office, again\n\nThe building closes at nine in the evening. Dogs may come on Fridays.",
  "page.html":
    "<html><body><h1>Visitors</h1><p>Visitors sign at the desk. <b>&lt;script&gt;alert(1)&lt;/script&gt;</b></p></body></html>",
};
const Result = z.object({ document: z.string(), text: z.string(), start: z.int(), end: z.int(), score: z.number() });
const Found = z.looseObject({ results: z.array(Result), context: z.string(), context_tokens: z.int() });

const test = base.extend("made", { scope: "file" }, async ({ client, workspace }) => {
  const folder = join(workspace, "files/house");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(TEXTS)) writeFileSync(join(folder, name), text);
  const { text, isError } = await ingested(client, {
    collection: "house",
    source: folder,
    embedding: "all-MiniLM-L6-v2-int8",
    labels: ["team=people"],
    chunking: { strategy: "parent_child", size_tokens: 16 },
  });
  expect(isError, text).toBe(false);
  return folder;
});

describe("ml_rag_query", () => {
  test("answers passages, why each was found, and a context with citations", async ({ client, made, events }) => {
    expect(made).toContain("house");
    const answer = await client.call(QUERY, { collection: "house", query: "How long is parental leave?", k: 2 });
    expect(answer.text.replaceAll(/ 0\.\d+ /g, " <score> ")).toMatchInlineSnapshot(`
      "2 results of house (hybrid: a question in words of its own, which meaning finds better than words).
      [1] leave.md:1 1 (meaning #1, words #1)
      [2] leave.md:5 <score> (meaning #2, words #2)

      [1] leave.md, line 1 (Leave)
      # Leave

      ## Parents

      Parental leave lasts twenty weeks.

      [2] leave.md, line 5 (Leave › Parents)
      It may begin four weeks before the birth."
    `);
    const { results, context } = Found.parse(answer.structured);
    expect(results[0]).toMatchObject({ document: "leave.md" });
    expect(context).toContain("[1] leave.md");
    const decision = (await events()).find(({ kind }) => kind === "decision");
    expect(decision).toMatchObject({ type: "RetrievalStrategy" });
  });

  test("spans are the stored text's own, and the passage around is the parent's", async ({ client, made }) => {
    expect(made).toContain("house");
    const asked = { collection: "house", query: "left over holidays", k: 3 };
    const { results } = Found.parse((await client.call(QUERY, asked)).structured);
    for (const { document, text, start, end } of results) {
      const read = await client.call("ml_rag_manage", { action: "read", collection: "house", document });
      expect([...String(read.structured["text"])].slice(start, end).join("")).toBe(text);
    }
    const wide = Found.parse((await client.call(QUERY, { ...asked, expand: "parent" })).structured);
    expect(wide.context.length).toBeGreaterThan(results.map(({ text }) => text).join("").length);
  });

  test("filters, keeps like results apart, and takes more than there is", async ({ client, made }) => {
    expect(made).toContain("house");
    const found = async (args: Record<string, unknown>) =>
      Found.parse(
        (await client.call(QUERY, { collection: "house", query: "When does the building close?", ...args })).structured,
      ).results;
    expect(new Set((await found({ k: 1000 })).map(({ document }) => document))).toEqual(new Set(Object.keys(TEXTS)));
    expect((await found({ filter: "document = 'travel.md'" })).map(({ document }) => document)).not.toContain(
      "office.md",
    );
    expect(await found({ filter: "label = 'team=none'" })).toEqual([]);
    const twins = new Set(["office.md", "again.md"]);
    const ofTwins = (results: readonly { document: string }[]) =>
      results.filter(({ document }) => twins.has(document)).length;
    expect(ofTwins(await found({ k: 2 }))).toBe(2);
    expect(ofTwins(await found({ k: 2, diversity_lambda: 0.3 }))).toBe(1);
  });

  test("holds an answer against the documents, claim by claim", async ({ client, made }) => {
    expect(made).toContain("house");
    const checked = async (answer_text: string) =>
      (await client.call(QUERY, { collection: "house", query: "How long is parental leave?", answer_text })).structured[
        "answer"
      ];
    expect(await checked("Parental leave lasts twenty weeks. It may begin four weeks before the birth.")).toMatchObject(
      {
        grounded: 1,
        abstained: false,
        claims: [{ verdict: "supported", tier: "exact" }, { verdict: "supported" }],
      },
    );
    expect(await checked("Parental leave lasts 52 weeks.")).toMatchObject({
      grounded: 0,
      abstained: true,
      claims: [{ verdict: "contradicted", reason: "the source does not say 52" }],
    });
    expect(await checked("Parental leave does not last twenty weeks.")).toMatchObject({
      claims: [{ verdict: "contradicted" }],
    });
    expect(await checked("The canteen serves a vegetarian dish every Tuesday.")).toMatchObject({
      claims: [{ verdict: "not_found" }],
      abstained: true,
    });
  });

  test("says when nothing comes near", async ({ client, made }) => {
    expect(made).toContain("house");
    const far = await client.call(QUERY, { collection: "house", query: "quarks and gluons in a hadron collider" });
    expect(far.text).toContain("seems not to answer");
    const near = await client.call(QUERY, { collection: "house", query: "When does the building close?" });
    expect(near.text).not.toContain("seems not to answer");
    const stop = await client.call(QUERY, { collection: "house", query: "the of and", strategy: "fulltext" });
    expect(stop.text).toContain("No chunk has one of these words");
  });

  test("shows the search on a page that no document's text can break", async ({ client, made }) => {
    expect(made).toContain("house");
    const answer = await client.call(QUERY, { collection: "house", query: "Where do visitors sign?", view: true });
    const [file] = z.object({ files: z.array(z.object({ path: z.string() })) }).parse(answer.structured).files;
    const page = readFileSync(file?.path ?? "", "utf8");
    expect(page).toContain("Where do visitors sign?");
    expect(page).not.toContain("<script>alert(1)");
    expect(page).not.toMatch(/https?:\/\//);
    const listed = await client.tools();
    expect(listed.find(({ name }) => name === QUERY)).toMatchObject({
      _meta: { ui: { resourceUri: "ui://ml-engine/trace" } },
    });
    expect(String(await client.read("ui://ml-engine/trace"))).toContain("ui/initialize");
  });

  test("says what is wrong and the way out", async ({ client, made }) => {
    expect(made).toContain("house");
    const wrong: readonly [Record<string, unknown>, RegExp][] = [
      [{ collection: "hous" }, /no collection `hous`.*house/s],
      [{ collection: "house", filter: "page > 'x'" }, /filter: .*number/s],
      [{ collection: "house", filter: "document = 'a'; DROP TABLE x" }, /filter: /],
      [{ collection: "house", k: 0 }, /k/],
      [{ collection: "house", strategy: "magic" }, /strategy.*vector/s],
    ];
    for (const [args, message] of wrong) {
      const answer = await client.call(QUERY, { query: "When does the building close?", ...args });
      expect(answer.isError).toBe(true);
      expect(answer.text).toMatch(message);
    }
  });
});

describe("contextOf", () => {
  test("never passes its budget, and says of each result whether it is in", () => {
    const count = (text: string) => text.split(/\s+/).filter(Boolean).length;
    const hit = fc.record({ passage: fc.lorem({ maxCount: 40 }), document: fc.constantFrom("a.md", "b.pdf") });
    fc.assert(
      fc.property(fc.array(hit, { maxLength: 12 }), fc.integer({ min: 5, max: 200 }), (made, budget) => {
        const hits = made.map(({ passage, document }, at) => ({
          ...{
            id: String(at),
            ordinal: at,
            title: "",
            media_type: "",
            headings: "",
            section: null,
            page: null,
            line: 1,
            tokens: 0,
          },
          ...{ start: 0, end: 0, parent_start: 0, parent_end: 0, text: passage, score: 1, document, passage },
          stages: { vector_rank: 1, similarity: 1, fulltext_rank: null, bm25: null, fused_rank: 1 },
        }));
        const { text, tokens, dropped } = contextOf(hits, budget, count);
        expect(tokens).toBeLessThanOrEqual(budget);
        expect(tokens).toBe(count(text));
        for (const [at, { document }] of hits.entries())
          expect(text.includes(`[${at + 1}] ${document}`)).toBe(!dropped.some(({ citation }) => citation === at + 1));
      }),
    );
  });
});
