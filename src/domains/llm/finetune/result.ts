import { z } from "zod";
import { Artifact, newModel } from "../../../kernel/fields.ts";

const Adapter = z
  .strictObject({
    model: z.string(),
    format: z.string(),
    base: z.string(),
    dataset: z.string(),
    method: z.string(),
    metrics: z.record(z.string(), z.number()),
    created: z.string(),
    current: z.boolean().describe("What its name alone means."),
    deleted: z.boolean(),
  })
  .meta({ id: "RegisteredAdapter" });

const Memory = z
  .strictObject({
    needed_bytes: z.int().describe("Weights, gradients, optimizer and activations together."),
    weights_bytes: z.int(),
    training_bytes: z.int().describe("Gradients and optimizer."),
    activations_bytes: z.int(),
    available_bytes: z.int(),
    device: z.string(),
    fits: z.boolean(),
  })
  .meta({ id: "TuneMemory" });

const Plan = z
  .strictObject({
    steps: z.int(),
    effective_batch: z.int().describe("Examples a step."),
    epochs: z.number(),
    seconds: z.number().describe("Estimated."),
    tokens: z.int().describe("Of the examples to learn from."),
    learnt_tokens: z.int().describe("That count in the loss."),
  })
  .meta({ id: "TunePlan" });

const Rendered = z
  .strictObject({
    source: z.enum(["model", "ours", "none"]).describe("Whose chat template."),
    pieces: z.array(z.strictObject({ text: z.string(), learnt: z.boolean() })).describe("Of the first example."),
    tokens: z.int(),
    learnt_tokens: z.int(),
  })
  .meta({ id: "RenderedExample" });

const Used = z
  .strictObject({
    given: z.int(),
    learnt: z.int(),
    held_out: z.int(),
    dropped: z.record(z.string(), z.int()).describe("Reason to how many: given = learnt + held_out + these."),
    cut: z.int().describe("Longer than max_tokens."),
  })
  .meta({ id: "TuneExamples" });

export const Finetuned = z.strictObject({
  action: z.string(),
  model: newModel().nullable().describe("What can be served: merged, or trained whole."),
  adapter: newModel().nullable(),
  base_model: z.string(),
  method: z.string(),
  trainable_parameters: z.int(),
  parameters: z.int().describe("Adapter included."),
  trainable_share: z.number(),
  metrics: z.record(z.string(), z.number()),
  memory: Memory.nullable(),
  plan: Plan.nullable(),
  template: Rendered.nullable(),
  examples: Used.nullable(),
  adapters: z.array(Adapter),
  file: Artifact.nullable().describe("Loss curve."),
  written: z.string().nullable().describe("export: where."),
  run_id: z.string().nullable(),
  framework: z.string(),
  model_type: z.string(),
  family: z.string(),
  metric: z.string(),
  seconds: z.number(),
  notes: z.array(z.string()),
  warnings: z.array(z.string()),
});
export type Finetuned = z.output<typeof Finetuned>;

/** Of an action that trains nothing. */
export const EMPTY: Finetuned = {
  action: "list",
  model: null,
  adapter: null,
  base_model: "",
  method: "",
  trainable_parameters: 0,
  parameters: 0,
  trainable_share: 0,
  metrics: {},
  memory: null,
  plan: null,
  template: null,
  examples: null,
  adapters: [],
  file: null,
  written: null,
  run_id: null,
  framework: "transformers",
  model_type: "unknown",
  family: "language",
  metric: "eval_loss",
  seconds: 0,
  notes: [],
  warnings: [],
};
