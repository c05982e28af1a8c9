import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimsOf, lexical, windowsOf } from "../../../src/domains/rag/query/claims.ts";

const PASSAGE =
  "Parental leave lasts twenty weeks. It may begin up to 4 weeks before the birth. Holidays are thirty days a year, and days left over are lost on 31 March.";

describe("claimsOf", () => {
  test("takes sentences that claim something, with their citations", () => {
    expect(
      claimsOf("Sure. Parental leave lasts twenty weeks [1]. Do you need more?\n\n- Holidays are thirty days [2][3]."),
    ).toEqual([
      { text: "Parental leave lasts twenty weeks [1].", cited: [1] },
      { text: "- Holidays are thirty days [2][3].", cited: [2, 3] },
    ]);
  });
});

describe("windowsOf", () => {
  test("are the passage's own text at their places", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        for (const window of windowsOf(text)) expect(text.slice(window.start, window.end)).toBe(window.text);
      }),
    );
  });
});

describe("lexical", () => {
  test("a sentence bears itself out, whatever blanks and citations stand in it", () => {
    for (const { text } of windowsOf(PASSAGE)) {
      const found = lexical(`${text.replaceAll(" ", "  ")} [1]`, text);
      expect(found).toMatchObject({ overlap: 1, numbers_missing: [], names_missing: [], negation_differs: false });
    }
  });

  test("another number is missed, in digits as in words", () => {
    fc.assert(
      fc.property(fc.integer({ min: 21, max: 9999 }), (weeks) => {
        const found = lexical(`Parental leave lasts ${weeks} weeks.`, "Parental leave lasts twenty weeks.");
        expect(found.numbers_missing).toEqual([String(weeks)]);
        expect(found.other_numbers).toBe(true);
      }),
    );
    expect(lexical("Parental leave lasts 20 weeks.", PASSAGE).numbers_missing).toEqual([]);
    expect(lexical("It costs 1,000 euros.", "The price is 1000 euros.").numbers_missing).toEqual([]);
  });

  test("a denial, a name and a quote that the source has not are seen", () => {
    expect(lexical("Holidays are not thirty days a year.", "Holidays are thirty days a year.").negation_differs).toBe(
      true,
    );
    expect(lexical("The rule comes from Berlin.", PASSAGE).names_missing).toEqual(["Berlin"]);
    expect(lexical('It says "forty weeks of leave".', PASSAGE).quotes_missing).toEqual(["forty weeks of leave"]);
  });
});
