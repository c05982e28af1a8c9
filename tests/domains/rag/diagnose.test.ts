import { join } from "node:path";
import { connect } from "@lancedb/lancedb";
import { describe, expect } from "vitest";
import { test as base, root } from "../../support/server.ts";
import { ingested } from "./ingested.ts";

const DIAGNOSE = "ml_rag_diagnose";

const test = base.extend("made", { scope: "file" }, async ({ client, workspace }) => {
  const { cpSync } = await import("node:fs");
  cpSync(join(root, "tests/fixtures/python-faq"), join(workspace, "files/faq"), { recursive: true });
  await ingested(client, {
    collection: "faq",
    source: ["design", "gui", "general"].map((name) => join(workspace, `files/faq/${name}.rst`)),
    embedding: "all-MiniLM-L6-v2",
    chunking: { size_tokens: 100 },
  });
  return join(workspace, "lancedb");
});

const steady = (text: string) => text.replaceAll(/cosine [\d.]+/g, "cosine <number>");

describe("ml_rag_diagnose", () => {
  test("says that nothing is lost where nothing is", async ({ client, made }) => {
    expect(made).toContain("lancedb");
    const answer = await client.call(DIAGNOSE, {
      collection: "faq",
      query: "Why does Python use indentation for grouping of statements?",
      document: "design.rst",
    });
    expect(steady(answer.text)).toMatchInlineSnapshot(`
      "It is found, and in the context.
      Its best chunk is #1 by meaning, #1 by words, #1 by hybrid; 10 were asked for.
      It is result 1, in the context.
      Fix: Where the answer is still wrong, give it as \`answer_text\`: its claims are held against the passage."
    `);
    expect(answer.structured).toMatchObject({ lost_at: "none", ranks: { fused: 1 } });
  });

  test("names the stage that lost the document", async ({ client, made }) => {
    expect(made).toContain("lancedb");
    const asked = {
      collection: "faq",
      query: "Why does Python use indentation for grouping of statements?",
      document: "design.rst",
    };
    const lostAt = async (more: Record<string, unknown>) =>
      (await client.call(DIAGNOSE, { ...asked, ...more })).structured["lost_at"];
    expect(await lostAt({ document: "windows.rst" })).toBe("ingest");
    expect(await lostAt({ passage: "words that nobody wrote there" })).toBe("ingest");
    expect(
      await lostAt({
        passage:
          "Most people learn to love this feature after a while. Since there are no begin/end brackets there cannot be a disagreement between grouping perceived by the parser and the human reader. Occasionally C programmers will encounter a fragment of code like this:: if (x <= y) x++; y--; z++; Only the ``x++`` statement is executed if the condition is true, but the indentation leads many to believe otherwise.",
      }),
    ).toBe("chunking");
    expect(await lostAt({ filter: "document = 'gui.rst'" })).toBe("filter");
    expect(await lostAt({ query: "What colour is a banana?", document: "gui.rst", k: 1 })).toBe("retrieval");
    expect(await lostAt({ token_budget: 50 })).toBe("budget");
    expect(await lostAt({ answer_text: "Lists are mutable and tuples are not." })).toBe("answer");
    expect(
      await lostAt({
        answer_text: "Guido van Rossum believes that using indentation for grouping is extremely elegant.",
      }),
    ).toBe("none");
  });

  test("checks the health of a collection, and finds what is broken in it", async ({ client, made }) => {
    const healthy = await client.call(DIAGNOSE, { collection: "faq" });
    expect(healthy.text).toMatchInlineSnapshot(`
      "ok documents of equal content: none of 3 documents repeat another
      ok chunks of equal text: none of 200 sampled chunks repeat another
      ok empty documents: none of 3 documents have no chunk
      ok over-long chunks: none of 200 sampled chunks are longer than the 254 tokens that all-MiniLM-L6-v2 reads
      ok chunks without document: none documents are gone while chunks of theirs are there
      ok documents without their chunks: none of 3 documents miss chunks
      ok drifted vectors: 0 of 20 differ from what all-MiniLM-L6-v2 makes of the text now
      ok rows no index knows: 0 rows in 1 indices
      ok recall@10 of the vector index: 1.000 against exact search"
    `);

    const lance = await connect(made);
    await (await lance.openTable("faq.documents")).delete("id = 'gui.rst'");
    lance.close();
    const broken = await client.call(DIAGNOSE, { collection: "faq" });
    expect(broken.text).toMatch(/NOT OK chunks without document: 1 .*\(gui\.rst\)/);
    await client.call("ml_rag_manage", { action: "optimize", collection: "faq" });
    expect((await client.call(DIAGNOSE, { collection: "faq" })).text).not.toContain("NOT OK");
  });

  test("says what is wrong and the way out", async ({ client, made }) => {
    expect(made).toContain("lancedb");
    expect((await client.call(DIAGNOSE, { collection: "fax" })).text).toMatch(/no collection `fax`.*faq/s);
    expect(
      (
        await client.call(DIAGNOSE, {
          collection: "faq",
          query: "indentation",
          document: "design.rst",
          filter: "page >",
        })
      ).text,
    ).toMatch(/filter: /);
  });
});
