import { z } from "zod";
import { KV_TYPES, SERVED_BY, type ServeSettings, type Serving } from "../../kernel/backends.ts";
import type { ServerRecord } from "../../runtime/servers.ts";
import type { AdapterFile } from "../models/adapter.ts";

/** What is written down of a server of ours, so that every process of the workspace knows what it serves. */
const About = z.strictObject({
  backend: z.enum(SERVED_BY),
  model: z.string(),
  adapter: z.string().nullable().default(null),
  settings: z.strictObject({
    context_tokens: z.int(),
    threads: z.int(),
    parallel: z.int(),
    batch_tokens: z.int(),
    kv_type: z.enum(KV_TYPES),
    gpu_layers: z.int(),
    prompt_cache: z.boolean(),
  }),
});
export type About = z.output<typeof About>;

export function servingOf({ id, url, keeper, started, about }: ServerRecord): readonly Serving[] {
  const known = About.safeParse(about);
  return known.success ? [{ id, url, pid: keeper, started, ...known.data }] : [];
}

/** Whether a server is what a start asks for. */
export const isSame = (one: Serving, model: string, adapter: AdapterFile | undefined, settings: ServeSettings) =>
  one.model === model &&
  one.adapter === (adapter?.path ?? null) &&
  JSON.stringify(one.settings) === JSON.stringify(settings);
