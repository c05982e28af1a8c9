import fc from "fast-check";
import { expect, test } from "vitest";
import { fit } from "../../src/mcp/fit.ts";

test("what fits is left as it is", () => {
  expect(fit({ a: [1, 2, 3] }, 100)).toEqual({ value: { a: [1, 2, 3] }, cuts: [] });
});

test("the longest list is cut first, and the cut is said", () => {
  const value = { rows: 100, short: [1, 2], long: Array.from({ length: 100 }, (_, at) => ({ at })) };
  const { value: cut, cuts } = fit(value, 300);
  expect(cut).toEqual({ ...value, long: value.long.slice(0, 25) });
  expect(cuts).toEqual(["long: 25 of 100"]);
});

test("the size holds wherever lists are what is long, and the first items stay", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ maxLength: 20 }), { maxLength: 60 }), { maxLength: 20 }),
      fc.integer({ min: 700, max: 3000 }),
      (lists, characters) => {
        const { value } = fit({ lists }, characters);
        expect(JSON.stringify(value).length).toBeLessThanOrEqual(Math.max(characters, 700));
        expect(JSON.stringify(value).startsWith('{"lists":[')).toBe(true);
      },
    ),
  );
});
