import { z } from "zod";
import { type Attached, SERVED_BY } from "../../kernel/backends.ts";

/** How examples are written. */
export const FORMATS = ["alpaca", "sharegpt", "messages", "prompt_completion", "preference", "kto", "text"] as const;

export const columns = z
  .record(z.string(), z.string())
  .default({})
  .describe("A format's column to yours: {prompt: 'question'}.");

/** What an op is told of the server to ask. */
export const Served = z
  .strictObject({ url: z.string(), model: z.string(), backend: z.enum(SERVED_BY), key: z.string().nullable() })
  .meta({ id: "ServedModel" });

export const servedBy = ({ backend, model }: Attached): z.output<typeof Served> => ({
  url: backend.url,
  model,
  backend: backend.kind,
  key: backend.key ?? null,
});
