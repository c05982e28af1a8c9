import { z } from "zod";
import { confirm, dataset, job, languageModel, model, newName, rare, seed, target } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { columns, FORMATS } from "./fields.ts";
import { adapters } from "./finetune/adapters.ts";
import { Finetuned } from "./finetune/result.ts";
import { words } from "./finetune/words.ts";

const EFFECTS = {
  train: "creates",
  list: "reads",
  merge: "creates",
  switch: "creates",
  delete: "overwrites",
  export: "creates",
} as const;

const positive = (most: number, description: string) => z.number().gt(0).max(most).optional().describe(description);
const count = (most: number, description: string) => z.int().min(1).max(most).optional().describe(description);

/** How a training goes; what is not said is chosen for the method, the data and the machine. */
const Settings = z
  .strictObject({
    epochs: positive(1000, "Passes over the examples (3)."),
    steps: count(10_000_000, "Optimizer steps, instead of epochs."),
    batch_size: count(4096, "Examples at once (8)."),
    accumulate: count(4096, "Batches a step (1)."),
    learning_rate: positive(1, "2e-4 of adapters, 2e-5 of whole models, 3e-3 from nothing."),
    schedule: z
      .enum(["constant", "linear", "cosine"])
      .optional()
      .describe("Of the learning rate (linear; cosine from nothing)."),
    warmup: z.number().min(0).max(1).optional().describe("Share of the steps (0.03)."),
    weight_decay: z.number().min(0).max(1).optional(),
    rank: count(4096, "Of adapters (16)."),
    alpha: count(8192, "Scale of adapters, over rank (twice the rank)."),
    dropout: z.number().min(0).max(0.9).optional().describe("Of adapters (0)."),
    targets: z.array(z.string().max(64)).min(1).max(64).optional().describe("Modules adapted (all linear ones)."),
    max_tokens: count(1_000_000, "Of an example; the rest is cut (1024 or the model's context)."),
    packing: z.boolean().optional().describe("Several examples in one row, each seeing itself alone."),
    gradient_checkpointing: z.boolean().optional().describe("Less memory, more time."),
    learn: z.enum(["answers", "last", "all"]).optional().describe("Tokens in the loss: answers, the last, or all."),
    template: z.enum(["auto", "none"]).optional().describe("none: bare texts stay so."),
    eval_share: z.number().min(0).max(0.9).optional().describe("Of the examples, held out (0.1, at most 500)."),
    eval_every: count(10_000_000, "Steps (a tenth of them)."),
    patience: count(1000, "Evaluations without gain before it stops and takes the best."),
    checkpoint_every: count(10_000_000, "Steps (a fifth of them)."),
    exact_match: z.int().min(0).max(10_000).optional().describe("Held-out prompts to answer, before and after (0)."),
  })
  .meta({ id: "TuneSettings" });

const Architecture = z
  .strictObject({
    hidden_size: z.int().min(8).max(16_384).default(128),
    layers: z.int().min(1).max(256).default(4),
    heads: z.int().min(1).max(256).default(4),
    kv_heads: count(256, "As many as heads."),
    intermediate_size: count(65_536, "Three times the hidden size."),
    context_tokens: z.int().min(8).max(1_000_000).default(256),
    tokenizer: z.enum(["characters", "bpe"]).default("characters").describe("Learnt from the examples."),
    vocabulary: z.int().min(300).max(500_000).default(4096).describe("bpe: its size."),
  })
  .meta({ id: "NewArchitecture" });

const Params = z.strictObject({
  action: z.enum(["train", "list", "merge", "switch", "delete", "export"]).default("train").describe("See above."),
  base_model: languageModel("Registered, folder, GGUF file; or `new`.").optional(),
  dataset: dataset("Examples.").optional(),
  method: z.enum(["lora", "qlora", "dora", "rslora", "full"]).default("lora").describe("What learns."),
  dry_run: z.boolean().default(false).describe("Only what it would take."),
  model: model("An adapter, for the other actions.").optional(),
  model_name: rare(newName("Its name.").optional()),
  settings: rare(
    Settings.prefault({}).describe("{epochs, steps, batch_size, learning_rate, rank, max_tokens, packing, patience…}"),
  ),
  architecture: rare(Architecture.optional().describe("new: {hidden_size, layers, tokenizer…}")),
  eval_dataset: rare(dataset("Held-out examples.").optional()),
  format: rare(z.enum(FORMATS).optional().describe("Of the examples.")),
  columns: rare(columns),
  merge: rare(z.boolean().default(true).describe("Also register base and adapter as one model.")),
  into: rare(z.enum(["safetensors", "gguf", "gguf_adapter"]).optional().describe("export.")),
  to: rare(target("export: file or folder to write.").optional()),
  confirm: rare(confirm),
  seed,
  ...job,
});
export type FinetuneParams = z.output<typeof Params>;

export default nativeTool({
  name: "ml_llm_finetune",
  title: "Fine-tune a language model",
  description:
    "Fine-tune a language model by LoRA, QLoRA, DoRA, rsLoRA or whole, or train a small one from nothing (`new`). `dry_run` first. Adapters: `list`, `merge`, `switch`, `delete`, `export`. Killed: ml_training_checkpoint. Next: ml_inference_serve.",
  effect: EFFECTS,
  action: "ModelTraining",
  examples: [
    "fine-tune the model on our support chats",
    "train a LoRA adapter on these instructions",
    "how much memory would QLoRA fine-tuning take?",
    "train a small language model from scratch on this text",
    "which adapters do we have?",
    "merge the adapter into its base model",
    "switch back to the previous adapter",
    "export the LoRA adapter as GGUF",
  ],
  opensRun: true,
  input: Params,
  output: Finetuned,
  op: { params: Params, result: Finetuned },
  details: ({ dataset, base_model, method }, result) => ({
    framework: result?.framework ?? "transformers",
    model_type: result?.model_type ?? `${method} of ${base_model ?? "unknown"}`,
    dataset: dataset ?? "unknown",
  }),
  summarize: words,
  run: adapters,
});
