import { z } from "zod";
import { KV_TYPES, MODEL_FORMATS, SERVED_BY, type ServeSettings } from "../../kernel/backends.ts";
import { languageModel, rare } from "../../kernel/fields.ts";

/** Of a tool's result: a list of models with their facts is long. */
export const RESULT_CHARACTERS = 20_000;

export const backend = z.enum(SERVED_BY).optional().describe("Kind of server.");
export const model = languageModel("Name, GGUF file or folder.").optional();
export const url = rare(z.url().max(1024).optional().describe("Of a server that runs."));

/** How a server is started; what is not said is chosen for the model and the machine. */
export const Settings = z
  .strictObject({
    context_tokens: z.int().min(16).max(10_000_000).describe("One request's, answer included."),
    threads: z.int().min(1).max(1024),
    parallel: z.int().min(1).max(1024).describe("Requests at once."),
    batch_tokens: z.int().min(1).max(65_536).describe("Of a prompt, computed at once."),
    kv_type: z.enum(KV_TYPES).describe("Of the cache of keys and values."),
    gpu_layers: z.int().min(0).max(1000),
    prompt_cache: z.boolean(),
  })
  .meta({ id: "ServeSettings" });

/** As the port has it: what was not given is not there. */
export const given = (settings: z.output<ReturnType<typeof Settings.partial>> | undefined): Partial<ServeSettings> =>
  Object.fromEntries(Object.entries(settings ?? {}).filter(([, value]) => value !== undefined));

export const Fit = z
  .strictObject({
    fits: z.boolean(),
    needed_bytes: z.number(),
    available_bytes: z.number(),
    weights_bytes: z.number(),
    kv_bytes: z.number(),
    overhead_bytes: z.number(),
  })
  .meta({ id: "ModelFit" });

export const ModelFacts = z
  .strictObject({
    format: z.enum(MODEL_FORMATS),
    architecture: z.string(),
    parameters: z.number(),
    bytes: z.number(),
    quantization: z.string(),
    context_tokens: z.int().nullable(),
    kv_bytes_per_token: z.int().nullable().describe("In 16 bits."),
    license: z.string().nullable(),
    sha256: z.string().describe("Of the weights."),
    made_from: z.array(z.string()).describe("Of a registered model, nearest first."),
    has_chat_template: z.boolean(),
  })
  .meta({ id: "ModelFacts" });

export const Usage = z.strictObject({ prompt_tokens: z.int(), completion_tokens: z.int() }).meta({ id: "TokenUsage" });
