import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { openEmbedder } from "../../../src/backends/embedding/open.ts";
import { readConfig } from "../../../src/config.ts";

const root = join(import.meta.dirname, "../../..");
/** What the reference implementation makes of texts; the file says which one, and float32 in base64. */
const Golden = z.object({ texts: z.array(z.object({ text: z.string(), vector: z.base64() })).min(6) });
const { texts } = Golden.parse(JSON.parse(readFileSync(join(root, "tests/fixtures/minilm-vectors.json"), "utf8")));
const golden = texts.map(({ vector }) => {
  const bytes = Buffer.from(vector, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
});

async function distances(model: string): Promise<number[]> {
  const embedder = await openEmbedder(model, readConfig([], {}, root));
  const vectors = await embedder.embed(
    texts.map(({ text }) => text),
    "document",
  );
  return vectors.map(
    (vector, place) => 1 - vector.reduce((sum, value, at) => sum + value * (golden[place]?.[at] ?? 0), 0),
  );
}

test("the default model's vectors are the reference implementation's, whatever they are batched with", async () => {
  for (const distance of await distances("all-MiniLM-L6-v2")) expect(Math.abs(distance)).toBeLessThan(1e-6);
});

test("those of its 8-bit form are near them", async () => {
  for (const distance of await distances("all-MiniLM-L6-v2-int8")) expect(distance).toBeLessThan(0.05);
});
