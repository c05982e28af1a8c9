import { z } from "zod";
import { SERVED_BY } from "../../kernel/backends.ts";
import { CLIENT } from "../../kernel/chat.ts";
import { job, languageModel, rare, speaker } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, digits, warned } from "../../kernel/words.ts";
import { Fit, ModelFacts, model, RESULT_CHARACTERS, Settings, Usage, url } from "./fields.ts";
import { serve } from "./serve/actions.ts";

const EFFECTS = {
  list: "reads",
  inspect: "reads",
  start: "executes",
  status: "reads",
  stop: "executes",
  generate: "reads",
  chat: "reads",
  embed: "reads",
  tokenize: "reads",
} as const;
const ACTIONS = z.enum(["list", "inspect", "start", "status", "stop", "generate", "chat", "embed", "tokenize"]);
const SPOKEN_BY = [...SERVED_BY, CLIENT] as const;

const Message = z
  .strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string().max(1_000_000) })
  .meta({ id: "ChatMessage" });

const Params = z.strictObject({
  action: ACTIONS.default("list").describe("See above."),
  backend: speaker(z.enum(SPOKEN_BY).optional().describe("Or `client`, your own.")),
  model,
  prompt: z.string().min(1).max(1_000_000).optional().describe("generate, tokenize: as it is."),
  messages: rare(z.array(Message).min(1).max(1000).optional().describe("chat: {role, content}…")),
  input: rare(
    z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(2048)])
      .optional()
      .describe("embed: texts."),
  ),
  schema: rare(z.record(z.string(), z.json()).optional().describe("chat: JSON Schema of the answer.")),
  url,
  max_tokens: rare(z.int().min(1).max(100_000).default(256).describe("Of the answer.")),
  temperature: rare(z.number().min(0).max(5).default(0).describe("0: always the likeliest.")),
  seed: rare(z.int().min(0).max(4294967295).default(0).describe("Of sampling.")),
  settings: rare(Settings.partial().optional().describe("start.")),
  adapter: rare(languageModel("start: LoRA on the model.").optional()),
  ...job,
});
export type ServeParams = z.output<typeof Params>;

const Server = z
  .strictObject({
    id: z.string(),
    backend: z.enum(SERVED_BY),
    model: z.string(),
    adapter: z.string().nullable().describe("LoRA on it."),
    url: z.string().describe("OpenAI-compatible."),
    started: z.string(),
    healthy: z.boolean(),
    memory_bytes: z.number().nullable().describe("Resident."),
    settings: Settings,
    metrics: z.record(z.string(), z.number()).describe("status: what it counts, by its own names."),
    log: z.string().describe("status: its last lines, cleaned."),
  })
  .meta({ id: "ModelServer" });

const Served = z.strictObject({
  action: ACTIONS,
  backend: z.enum(SPOKEN_BY).nullable(),
  model: z.string().nullable(),
  url: z.string().nullable().describe("OpenAI-compatible."),
  programs: z.array(
    z.strictObject({
      backend: z.enum(SERVED_BY),
      installed: z.boolean(),
      remedy: z.string().nullable(),
    }),
  ),
  servers: z.array(Server),
  models: z.array(z.strictObject({ name: z.string(), source: z.string().describe("Who has it.") })).describe("list."),
  facts: ModelFacts.nullable(),
  fit: z.record(z.string(), Fit).describe("By backend."),
  text: z.string().nullable(),
  finish_reason: z.enum(["stop", "length"]).nullable(),
  usage: Usage.nullable(),
  timings: z
    .strictObject({
      ttft_ms: z.number().nullable().describe("To the first token."),
      tokens_per_second: z.number().nullable().describe("After the first."),
      total_ms: z.number(),
    })
    .nullable(),
  embeddings: z.array(z.array(z.number())),
  tokens: z.array(z.int()),
  warnings: z.array(z.string()),
});
export type Served = z.output<typeof Served>;

const gb = (bytes: number) => `${digits(bytes / 1e9)} GB`;

export default nativeTool({
  name: "ml_inference_serve",
  title: "Serve models",
  description:
    "Language models on llama.cpp, Ollama, vLLM, Candle or an OpenAI-compatible `url`: what is here, what a model is, whether it fits; start and ask it.",
  effect: EFFECTS,
  action: "ModelInference",
  examples: [
    "serve this GGUF model with llama.cpp",
    "start a local language model",
    "which models can I run on this machine?",
    "does this model fit into memory?",
    "chat with the model that Ollama serves",
    "stop the model server",
    "generate text with my fine-tuned model",
  ],
  input: Params,
  output: Served,
  characters: RESULT_CHARACTERS,
  details: ({ action, backend: kind, model: name }, result) => ({
    model: result?.model ?? name ?? "*",
    backend: result?.backend ?? kind ?? "*",
    action,
  }),
  summarize: (result) =>
    [
      ...(result.text === null ? [] : [result.text, ""]),
      ...spoken(result),
      ...warned(result.warnings),
      ...result.programs.map(({ backend: kind, installed, remedy }) =>
        installed ? `${kind}: installed.` : `${kind}: not installed; \`${remedy}\` adds it.`,
      ),
      ...result.servers.map(
        (one) =>
          `${one.id}: ${one.model}${one.adapter === null ? "" : ` with ${one.adapter}`} on ${one.backend} at ${one.url}, ${one.healthy ? "answers" : "does not answer"}${one.memory_bytes === null ? "" : `, ${gb(one.memory_bytes)}`}, ${one.settings.threads} threads, ${one.settings.parallel} at once, context ${one.settings.context_tokens}.${one.log === "" ? "" : `\n${one.log}`}`,
      ),
      ...(result.action === "list" || result.action === "status"
        ? [result.servers.length === 0 ? "No server of ours runs." : ""]
        : []),
      ...capped(
        result.models.map(({ name, source }) => `${name} (${source})`),
        50,
      ),
      ...factsInWords(result),
      ...(result.tokens.length === 0
        ? []
        : [`${result.tokens.length} tokens: ${result.tokens.slice(0, 50).join(" ")}`]),
      ...(result.embeddings.length === 0
        ? []
        : [`${result.embeddings.length} embeddings of ${result.embeddings[0]?.length ?? 0} dimensions.`]),
    ]
      .filter((line, place) => line !== "" || place === 1)
      .join("\n"),
  run: serve,
});

function spoken({ action, model: name, backend: kind, url: at, usage, timings, finish_reason }: Served): string[] {
  if (action === "start") return [`${name} is served by ${kind} at ${at}.`];
  if (action === "stop") return [`${name} is stopped.`];
  if (!timings) return kind === CLIENT ? [`${name}, the client's own model.`] : [];
  const counted = usage
    ? `${usage.prompt_tokens} tokens read, ${usage.completion_tokens} written`
    : "tokens not counted";
  const speed = timings.tokens_per_second === null ? "" : `, then ${digits(timings.tokens_per_second)} tokens/s`;
  const first = timings.ttft_ms === null ? "" : `; first after ${digits(timings.ttft_ms)} ms${speed}`;
  return [`${name} on ${kind}: ${counted}${first}${finish_reason === "length" ? "; cut at max_tokens" : ""}.`];
}

function factsInWords({ model: name, facts, fit }: Served): string[] {
  if (!facts) return [];
  const known = [
    `${facts.architecture}, ${digits(facts.parameters / 1e6)} M parameters, ${facts.quantization}, ${gb(facts.bytes)}`,
    facts.context_tokens === null ? "context not said" : `context ${facts.context_tokens}`,
    facts.kv_bytes_per_token === null ? "" : `${facts.kv_bytes_per_token} bytes of keys and values a token`,
    facts.license === null ? "licence not said" : `licence ${facts.license}`,
    `SHA-256 ${facts.sha256.slice(0, 16)}…`,
    facts.made_from.length === 0 ? "" : `made from ${facts.made_from.join(", ")}`,
    facts.has_chat_template ? "" : "no chat template",
  ];
  return [
    `${name} (${facts.format}): ${known.filter((part) => part !== "").join("; ")}.`,
    ...Object.entries(fit).map(
      ([kind, { fits, needed_bytes, available_bytes }]) =>
        `${kind}: needs ${gb(needed_bytes)} of ${gb(available_bytes)} free: ${fits ? "fits" : "does not fit"}.`,
    ),
  ];
}
