import { z } from "zod";

// How results are put into words, and the cells they show.

/** A cell as JSON carries it: dates as ISO text, infinities as text. */
export const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Rows shown to a reader: long texts cut, at most 30 columns. */
export const rows = z.array(z.record(z.string(), cell));

/** What a person must know that is not an error, a line each. */
export const warned = (warnings: readonly string[]) => warnings.map((warning) => `Warning: ${warning}`);

/** Four significant digits: enough to compare, few enough to read. */
export const digits = (value: number) => String(Number(value.toPrecision(4)));

/** A share of 1 as a person reads it. */
export const percent = (share: number) =>
  share > 0 && share < 0.001 ? "< 0.1 %" : `${Number((100 * share).toFixed(1))} %`;

/** Lines of a list that stays short: the rest is counted. */
export const capped = (lines: readonly string[], most: number) =>
  lines.length <= most ? lines : [...lines.slice(0, most), `… and ${lines.length - most} more.`];

/** One line a row, cells between bars. */
export const table = (lines: readonly (readonly string[])[]) => lines.map((cells) => cells.join(" | "));

const shown = (value: z.output<typeof cell>) => (value === null ? "·" : String(value));

/** A few rows under their column names. */
export const preview = (lines: z.output<typeof rows>) => {
  const [first] = lines;
  return first ? table([Object.keys(first), ...lines.map((line) => Object.values(line).map(shown))]) : [];
};
