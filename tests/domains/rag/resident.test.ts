import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { connect } from "../../support/client.ts";
import { fromSource, scratch } from "../../support/server.ts";
import { ingested } from "./ingested.ts";

const Found = z.object({
  results: z.array(
    z.object({
      document: z.string(),
      text: z.string(),
      score: z.number(),
      stages: z.object({ vector_rank: z.int().nullable(), similarity: z.number().nullable() }),
    }),
  ),
});
const TOPICS = ["parental leave", "refunds", "data retention", "travel costs", "passwords", "office keys"];

/** Two servers on one workspace, which may read the folder that documents lie in. */
async function servers() {
  const { folder, remove } = scratch();
  onTestFinished(remove);
  const options = { ...fromSource, env: { ML_ENGINE_WORKSPACE: join(folder, "w"), ML_ENGINE_ALLOW_DIRS: folder } };
  return { folder, one: await connect("v2", options), other: await connect("v2", options) };
}
type Server = Awaited<ReturnType<typeof servers>>["one"];

const rules = (folder: string, kind: string) => {
  const file = join(folder, "rules.md");
  writeFileSync(
    file,
    TOPICS.map((topic, at) => `# Rule ${at}\n\n${kind} ${topic} is ruled by paragraph ${at}. `.repeat(2)).join("\n\n"),
  );
  return file;
};

const asked = async (server: Server, query: string, more: Record<string, unknown> = {}) =>
  Found.parse((await server.call("ml_rag_query", { collection: "c", query, k: 8, ...more })).structured).results;

test("what is held in memory answers as LanceDB's own search does", async () => {
  const { folder, one } = await servers();
  await ingested(one, { collection: "c", source: rules(folder, "Each"), chunking: { size_tokens: 16 } });
  for (const query of ["who rules refunds?", "paragraph 3", "leave for parents", "the"])
    for (const strategy of ["auto", "vector", "fulltext"]) {
      const inMemory = await asked(one, query, { strategy });
      // With a condition that every passage meets, the table itself is searched.
      const inTable = await asked(one, query, { strategy, filter: "tokens >= 1" });
      expect(inMemory.map(({ text }) => text)).toEqual(inTable.map(({ text }) => text));
      for (const [place, { score, stages }] of inMemory.entries()) {
        expect(score).toBeCloseTo(inTable[place]?.score ?? -1, 4);
        expect(stages.vector_rank).toBe(inTable[place]?.stages.vector_rank);
        if (stages.similarity !== null)
          expect(stages.similarity).toBeCloseTo(inTable[place]?.stages.similarity ?? -1, 5);
      }
    }
});

test("what another server writes, or makes anew under the same name, is what the next question finds", async () => {
  const { folder, one, other } = await servers();
  await ingested(one, { collection: "c", source: rules(folder, "Old") });
  expect((await asked(one, "Old refunds"))[0]?.text).toContain("Old refunds");

  await ingested(other, { collection: "c", source: rules(folder, "New") });
  const updated = await asked(one, "refunds");
  expect(updated[0]?.text).toContain("New refunds");
  expect(updated.filter(({ text }) => text.includes("Old"))).toEqual([]);

  const dropped = await other.call("ml_rag_manage", { action: "delete", collection: "c", confirm: true });
  expect(dropped.text).not.toContain("invalid_input");
  expect((await one.call("ml_rag_query", { collection: "c", query: "refunds" })).text).toContain("not_found");
  await ingested(other, { collection: "c", source: rules(folder, "Third") });
  const anew = await asked(one, "refunds");
  expect(anew[0]?.text).toContain("Third refunds");
  expect(anew.filter(({ text }) => /Old|New/.test(text))).toEqual([]);
});
