import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { ToolError } from "../../kernel/errors.ts";
import { headerOf, isAdapter } from "./gguf.ts";

/** A LoRA adapter's files; a GGUF does not say its rank where its server does not ask for it. */
export interface AdapterFile {
  readonly path: string;
  readonly rank: number | undefined;
}

const Config = z.looseObject({ r: z.int() });
const MADE_BY = "ml_llm_finetune with action export and into gguf_adapter makes one.";

/** An adapter as a server takes it: PEFT's folder of safetensors, or a GGUF. Throws ToolError where it is something else. */
export async function readAdapter(path: string, format: "gguf" | "safetensors"): Promise<AdapterFile> {
  const refuse = (why: string, hint: string) =>
    new ToolError("invalid_input", `adapter: \`${basename(path)}\` ${why}.`, hint);
  if (!existsSync(path))
    throw refuse("is neither registered nor a file", "ml_llm_finetune with action `list` says which are.");
  const config = statSync(path).isDirectory() ? join(path, "adapter_config.json") : "";
  if (format === "safetensors") {
    if (!existsSync(config)) throw refuse("is no folder of an adapter", "Give a registered adapter, or PEFT's folder.");
    return { path, rank: Config.parse(JSON.parse(readFileSync(config, "utf8"))).r };
  }
  if (existsSync(config)) throw refuse("is safetensors, and llamacpp takes GGUF", MADE_BY);
  const header = await headerOf(path).catch(() => undefined);
  if (!header || !isAdapter(header.said)) throw refuse("is no GGUF of an adapter", MADE_BY);
  return { path, rank: undefined };
}
