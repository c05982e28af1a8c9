import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openTokenizer } from "../../src/backends/embedding/tokenizer.ts";
import { type Chunk, chunksOf } from "../../src/collections/chunking.ts";
import { CodePoints } from "../../src/collections/code-points.ts";
import { type Chunking, type Mark, STRATEGIES } from "../../src/kernel/documents.ts";
import { root } from "../support/server.ts";

const model = join(root, ".cache/models/all-MiniLM-L6-v2");
const json = (name: string) => JSON.parse(readFileSync(join(model, name), "utf8"));
const tokenizer = new Tokenizer(json("tokenizer.json"), json("tokenizer_config.json"));
const count = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids.length;

/** Words and signs of many scripts, and what joins them. */
const pieces = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom("the", "notice", "period", "is", "three", "months.", "Internationalization", "What?"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "日本語の文章です。",
      "休暇は十六週間。",
      "ผู้ใช้ภาษาไทย",
      "한국어",
      "العربية",
      "עברית",
      "e\u0301\u0323",
      "か\u3099",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "👩‍👩‍👧‍👦",
      "😀😀😀",
      "🇳🇴",
      "x".repeat(300),
      "😀".repeat(90),
      ".".repeat(200),
      "a-b_c/d".repeat(30),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 30 }) },
);
const joints = fc.constantFrom(" ", " ", " ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", "  ", "", "\u00a0", "\u3000");
const texts = fc
  .array(fc.tuple(pieces, joints), { maxLength: 150 })
  .map((parts) => parts.map(([piece, joint]) => piece + joint).join(""));

const marksOf = (text: string): fc.Arbitrary<Mark[]> =>
  fc
    .array(
      fc.record({
        kind: fc.constantFrom<Mark["kind"]>("heading", "page", "slide", "table", "code"),
        start: fc.nat(Math.max(0, text.length - 1)),
        length: fc.integer({ min: 1, max: 200 }),
        level: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength: text.length > 0 ? 6 : 0 },
    )
    .map((marks) =>
      marks
        .map(({ length, ...mark }) => ({ ...mark, end: Math.min(text.length, mark.start + length), label: "Label" }))
        .sort((one, other) => one.start - other.start),
    );

const cases = texts.chain((text) =>
  fc.record({
    text: fc.constant(text),
    marks: marksOf(text),
    chunking: fc
      .record({
        strategy: fc.constantFrom(...STRATEGIES),
        size_tokens: fc.integer({ min: 16, max: 120 }),
        share: fc.integer({ min: 0, max: 9 }),
      })
      .map(
        ({ share, ...rest }): Chunking => ({ ...rest, overlap_tokens: Math.floor((rest.size_tokens * share) / 10) }),
      ),
  }),
);
/** Turns at every third sentence or so, by nothing but the text. */
const turns = async (text: string) =>
  new Set(
    [...text.matchAll(/[.?。]\s*(?=\S)/g)].map((found) => found.index + found[0].length).filter((at) => at % 3 === 0),
  );
const cut = (text: string, marks: readonly Mark[], chunking: Chunking) => chunksOf(text, marks, chunking, count, turns);

const covered = (text: string, chunks: readonly Chunk[]) => {
  const seen = new Uint8Array(text.length);
  for (const { start, end } of chunks) seen.fill(1, start, end);
  return Array.from(seen).every((one, at) => one === 1 || /\s/.test(text[at] ?? ""));
};

test("tokens word by word are those of the whole text", () => {
  const tokens = openTokenizer(model);
  fc.assert(
    fc.property(texts, (text) => {
      expect(tokens.ids(text)).toEqual(tokenizer.encode(text, { add_special_tokens: false }).ids);
    }),
    { numRuns: 300 },
  );
});

describe("chunks", () => {
  test("keep to the limit, lose nothing, and stand where they say", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ text, marks, chunking }) => {
        const chunks = await cut(text, marks, chunking);
        const points = new CodePoints(text);
        const characters = [...text];
        for (const [place, { start, end, tokens, parent }] of chunks.entries()) {
          const own = text.slice(start, end);
          expect(tokens).toBe(count(own));
          expect(tokens).toBeLessThanOrEqual(chunking.size_tokens);
          expect(characters.slice(points.at(start), points.at(end)).join("")).toBe(own);
          expect(own.isWellFormed()).toBe(true);
          expect(own).toBe(own.trim());
          expect([parent.start <= start, end <= parent.end]).toEqual([true, true]);
          const before = chunks[place - 1];
          if (before === undefined) continue;
          expect([before.start < start, before.end < end]).toEqual([true, true]);
          if (start < before.end)
            expect(count(text.slice(start, before.end))).toBeLessThanOrEqual(chunking.overlap_tokens);
        }
        expect(covered(text, chunks)).toBe(true);
        expect(await cut(text, marks, chunking)).toEqual(chunks);
      }),
      { numRuns: 300 },
    );
  });

  test("code points and UTF-16 offsets lead to each other", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        const points = new CodePoints(text);
        let offset = 0;
        for (const [place, character] of [...text].entries()) {
          expect([points.at(offset), points.offset(place)]).toEqual([place, offset]);
          offset += character.length;
        }
        expect([points.length, points.at(text.length), points.offset(points.length)]).toEqual([
          [...text].length,
          [...text].length,
          text.length,
        ]);
      }),
    );
  });

  const sentences = (number: number) =>
    Array.from({ length: number }, (_, at) => `Sentence ${at} says one thing.`).join(" ");
  const chunking = (strategy: Chunking["strategy"], size_tokens = 40, overlap_tokens = 0): Chunking => ({
    strategy,
    size_tokens,
    overlap_tokens,
  });
  const within = (text: string, part: string): Pick<Mark, "start" | "end"> => ({
    start: text.indexOf(part),
    end: text.indexOf(part) + part.length,
  });
  const shown = (text: string, chunks: readonly Chunk[]) => chunks.map(({ start, end }) => text.slice(start, end));

  test.each(["table", "code"] as const)("keep a %s whole where it fits", async (kind) => {
    const block = "| a | b |\n\n| c | d |\n| e. F | f |";
    const text = `${sentences(4)}\n\n${block}\n\n${sentences(4)}`;
    const marks: Mark[] = [{ kind, ...within(text, block), level: 0, label: "" }];
    const found = shown(text, await cut(text, marks, chunking("recursive")));
    expect(found.some((one) => one.includes(block))).toBe(true);
  });

  test("stay within a page, but for a sentence that goes on", async () => {
    const [first, second, third] = [
      "The first page ends here.",
      "The second goes",
      "on over the edge. Then it is new.",
    ];
    const text = [first, second, third].join("\n\n");
    const marks = [first, second, third].map(
      (page, at): Mark => ({ kind: "page", ...within(text, page), level: 0, label: String(at + 1) }),
    );
    expect(shown(text, await cut(text, marks, chunking("recursive", 200)))).toEqual([
      first,
      `${second}\n\non over the edge.`,
      "Then it is new.",
    ]);
  });

  test("of Markdown begin at headings, and know those above", async () => {
    const text = "# Rules\n\nAll of them.\n\n## Leave\n\nThirty days.\n\n## Travel\n\nBy train.";
    const marks = ["# Rules", "## Leave", "## Travel"].map(
      (heading): Mark => ({
        kind: "heading",
        ...within(text, heading),
        level: heading.startsWith("##") ? 2 : 1,
        label: heading.replace(/#+ /, ""),
      }),
    );
    const chunks = await cut(text, marks, chunking("markdown", 40, 10));
    expect(shown(text, chunks)).toEqual([
      "# Rules\n\nAll of them.",
      "## Leave\n\nThirty days.",
      "## Travel\n\nBy train.",
    ]);
    expect(chunks.map(({ headings }) => headings.join(" › "))).toEqual(["Rules", "Rules › Leave", "Rules › Travel"]);
  });

  test("of sentences end where sentences do", async () => {
    for (const one of shown(sentences(30), await cut(sentences(30), [], chunking("sentence"))))
      expect(one).toMatch(/^Sentence .*thing\.$/);
  });

  test("with parents are parts of them", async () => {
    const chunks = await cut(sentences(80), [], chunking("parent_child"));
    const parents = new Set(chunks.map(({ parent }) => `${parent.start}-${parent.end}`));
    expect([parents.size > 1, parents.size * 3 <= chunks.length]).toEqual([true, true]);
  });

  test("of meaning end where it turns", async () => {
    const [about, then] = [sentences(5), "Now something else. It is about trains."];
    const text = `${about} ${then}`;
    const found = shown(
      text,
      await chunksOf(text, [], chunking("semantic", 100), count, async () => new Set([text.indexOf("Now")])),
    );
    expect(found).toEqual([about, then]);
  });
});

describe("long texts", () => {
  const chunking: Chunking = { strategy: "recursive", size_tokens: 200, overlap_tokens: 0 };

  test.each([
    ["lines", "One line says one thing, and the next another.\n".repeat(20_000)],
    ["one line", "One sentence says one thing. ".repeat(30_000)],
    ["no blanks", "x".repeat(900_001)],
    ["pairs", "😀".repeat(250_001)],
    ["blanks", " ".repeat(1_000_000)],
  ])("of %s are cut block by block and lose nothing", async (_, text) => {
    const chunks = await cut(text, [], chunking);
    expect(covered(text, chunks)).toBe(true);
    expect(chunks.every(({ start, end, tokens }) => tokens <= 200 && text.slice(start, end).isWellFormed())).toBe(true);
  });

  test("know their headings in every block", async () => {
    const text = `# Only\n\n${"One sentence says one thing. ".repeat(10_000)}`;
    const chunks = await cut(text, [{ kind: "heading", start: 0, end: 6, level: 1, label: "Only" }], chunking);
    expect(new Set(chunks.map(({ headings }) => headings.join()))).toEqual(new Set(["Only"]));
  });
});
