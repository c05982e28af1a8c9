import { z } from "zod";

/** How examples are written. */
export const FORMATS = ["alpaca", "sharegpt", "messages", "prompt_completion", "preference", "kto", "text"] as const;

export const columns = z
  .record(z.string(), z.string())
  .default({})
  .describe("A format's column to yours: {prompt: 'question'}.");
