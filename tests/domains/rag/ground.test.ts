import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { openEmbedder } from "../../../src/backends/embedding/open.ts";
import { ground, type Source } from "../../../src/domains/rag/query/ground.ts";
import { sentencesOf } from "../../../src/domains/rag/query/tokens.ts";
import type { Embedder } from "../../../src/kernel/collections.ts";

const TEXT = `Employees get 20 days of paid parental leave after 12 months of service. Requests are sent to Maria Keller in Zürich by e-mail.
Refunds for physical goods are paid within 14 days. Digital goods are not refunded.

Alice joined the team in 2019 and Bob joined in 2021. The pilot in Hamburg cost 1,250,000 euros, 3.5 % more than planned.
- The server must be patched before 3 May 2024.
- Backups are kept for 90 days; logs are kept for 30 days.
"We never sell personal data," says the policy of 2023. 🙂 Managers may approve travel above 500 euros.`;
const source: Source = { citation: 1, document: "handbook.md", headings: "Leave and travel", text: TEXT, start: 7 };

let embedder: Embedder;
beforeAll(async () => {
  embedder = await openEmbedder("all-MiniLM-L6-v2-int8", { root: join(import.meta.dirname, "../../.."), threads: 2 });
});
const check = (answer: string, sources: readonly Source[] = [source]) =>
  ground(answer, sources, embedder, new AbortController().signal);
const verdict = async (claim: string) => (await check(claim)).claims.map((one) => one.verdict);

describe("what is said is supported", () => {
  test.each([
    ["Employees get 20 days of paid parental leave after 12 months of service.", "exact"],
    ["Refunds for physical goods are paid within 14 days [1].", "exact"],
    ["Employees get twenty days of paid leave.", "words"],
    ["Within 14 days, refunds for physical goods are paid.", "words"],
    ["The employees get 20 days of parental leave.", "words"],
    ["The pilot in Hamburg cost 1.25 million euros.", "words"],
    ["Logs are kept for 30 days.", "words"],
    ["Bob joined in 2021.", "words"],
    ["The server must be patched before May 3rd, 2024.", "words"],
    ["The server must be patched before 2024-05-03.", "words"],
    ["Refunds for physical goods are reimbursed within 14 days.", "meaning"],
    ["Digital goods aren't refunded.", "words"],
    ['"We never sell personal data."', "words"],
  ])("%s", async (claim, tier) => {
    const { claims, grounded } = await check(claim);
    expect(claims).toMatchObject([{ verdict: "supported", tier, citation: 1 }]);
    expect(grounded).toBe(1);
  });
});

describe("what is said otherwise is contradicted", () => {
  test.each([
    "Employees get 25 days of paid parental leave after 12 months of service.",
    "Refunds for physical goods are paid within 30 days.",
    "Digital goods are refunded.",
    "Refunds for physical goods are not paid within 14 days.",
    "The server must be patched before 3 June 2024.",
    "The server must be patched after 3 May 2024.",
    "The pilot in Hamburg cost 1,250,000 euros, 4.5 % more than planned.",
    "Employees get 20 weeks of paid parental leave after 12 months of service.",
  ])("%s", async (claim) => expect(await verdict(claim)).toEqual(["contradicted"]));
});

describe("what is nearly said is not supported", () => {
  test.each([
    "Refunds for electronic goods are paid within 14 days.",
    "Alice joined in 2021.",
    "Bob joined the team in 2019.",
    "Logs are kept for 90 days.",
    "Requests are sent to Peter Keller in Zürich.",
    "Requests are sent to Maria Keller in Geneva by e-mail.",
    "Managers must approve travel above 500 euros.",
    "Managers may approve travel below 500 euros.",
    "Interns get 20 days of paid parental leave after 12 months of service.",
    'The policy says "we never share personal data".',
    "The office in Hamburg has a canteen.",
    "Employees get 20 days of sick leave.",
    "Backups are kept for 30 days.",
    "Backups are encrypted for 90 days.",
    "Goods for physical refunds are paid within 14 days.",
    "Managers may reject travel above 500 euros.",
    "The pilot in Hamburg cost 1,250,000 euros, 3.5 % less than planned.",
  ])("%s", async (claim) => expect(await verdict(claim)).not.toContain("supported"));
});

const sentences = sentencesOf(TEXT).map(({ text }) => text);

test("a copied sentence is supported by its own span", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.constantFrom(...sentences), { minLength: 1, maxLength: 4 }), async (picked) => {
      const { claims, grounded } = await check(picked.join("\n"));
      expect(claims.map(({ verdict: said, score }) => [said, score])).toEqual(picked.map(() => ["supported", 1]));
      expect(grounded).toBe(1);
      for (const { evidence } of claims)
        expect([...TEXT].slice((evidence?.start ?? 0) - 7, (evidence?.end ?? 0) - 7).join("")).toBe(evidence?.text);
    }),
    { numRuns: 30 },
  );
});

test("a sentence with a number changed is not supported", async () => {
  const numbered = sentences.filter((sentence) => /\d/.test(sentence));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...numbered),
      fc.nat(5),
      fc.integer({ min: 2, max: 9_999_999 }),
      async (sentence, which, other) => {
        const numbers = [...sentence.matchAll(/\d[\d,.]*(?<=\d)/g)];
        const picked = numbers[which % numbers.length];
        if (!picked || TEXT.includes(String(other))) return;
        const changed = sentence.slice(0, picked.index) + other + sentence.slice(picked.index + picked[0].length);
        expect(await verdict(changed)).not.toContain("supported");
      },
    ),
    { numRuns: 60 },
  );
});

test("says who abstains, and does not check what claims nothing", async () => {
  expect(await check("I don't know.")).toEqual({ claims: [], grounded: null, abstained: true });
  expect(await check("The documents do not say who signs it.")).toMatchObject({ claims: [], abstained: true });
  expect(await check("Here is what I found:\nDigital goods are not refunded.")).toMatchObject({
    claims: [{ verdict: "supported" }],
    abstained: false,
  });
  expect(await check("Digital goods are not refunded.", [])).toMatchObject({ grounded: 0 });
});

test("prefers the passage that a claim cites", async () => {
  const sources = [source, { ...source, citation: 2, document: "copy.md" }];
  const { claims } = await check("Digital goods are never refunded [2].", sources);
  expect(claims).toMatchObject([{ verdict: "supported", citation: 2, cited: [2] }]);
});
