import { z } from "zod";

export { capped, cell, digits, percent, preview, rows, table, warned } from "../../kernel/words.ts";

/** One expectation as Great Expectations writes it: `{type, kwargs, severity}`. */
export const expectation = z.record(z.string(), z.unknown());
