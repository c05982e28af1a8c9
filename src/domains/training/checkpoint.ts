import { z } from "zod";
import { Artifact, confirm, job, model, newModel, newName, rare } from "../../kernel/fields.ts";
import { Task } from "../../kernel/manifest.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { digits, metrics, noted } from "./fields.ts";

const Kept = z
  .strictObject({
    run: z.string(),
    op: z.string(),
    state: z.enum(["at work", "broken off", "finished", "saved"]),
    steps: z.int(),
    size_bytes: z.int(),
    newest: z.string().nullable(),
    progress: z.string(),
  })
  .meta({ id: "KeptRun" });

const Step = z
  .strictObject({
    name: z.string(),
    time: z.string(),
    size_bytes: z.int(),
    facts: z.record(z.string(), z.unknown()),
    damaged: z.string().nullable().describe("File that is not as it was written."),
  })
  .meta({ id: "KeptStep" });

export default pythonTool({
  name: "ml_training_checkpoint",
  title: "Checkpoints",
  description:
    "What killed or long trainings and sweeps kept: `list`, `show`, `verify`, `compare`; `resume` to what the unbroken call would have given; `save` a model, `prune`, `export`.",
  effect: {
    list: "reads",
    show: "reads",
    verify: "reads",
    compare: "reads",
    export: "reads",
    save: "creates",
    resume: "creates",
    prune: "overwrites",
  },
  action: "ModelTraining",
  examples: [
    "resume the training that was killed",
    "continue the interrupted sweep",
    "list the checkpoints",
    "are the checkpoints intact?",
    "delete old checkpoints but keep the best three",
    "save a checkpoint of this model",
    "export the checkpoints of that run",
  ],
  opensRun: true,
  input: z.strictObject({
    action: z
      .enum(["list", "show", "verify", "compare", "resume", "save", "prune", "export"])
      .default("list")
      .describe("See above."),
    run: z.string().max(64).optional().describe("Run id, or a saved name."),
    other: rare(z.string().max(64).optional().describe("compare: with this.")),
    model: rare(model("save: this one.").optional()),
    name: rare(newName("save: under this.").optional()),
    keep_best: rare(z.int().min(0).optional().describe("prune: so many steps, by score.")),
    keep_every: rare(z.int().min(1).optional().describe("prune: each so many-th step.")),
    older_than_days: rare(z.number().min(0).optional().describe("prune: whole runs not at work.")),
    confirm: rare(confirm),
    ...job,
  }),
  output: z.strictObject({
    action: z.string(),
    runs: z.array(Kept),
    steps: z.array(Step),
    differences: z.array(z.string()),
    removed: z.array(z.string()).describe("prune: what is taken away, or would be."),
    freed_bytes: z.int(),
    model: newModel().nullable(),
    adapter: newModel().nullable().describe("resume: of a language model."),
    run_id: z.string().nullable().describe("resume: the run that holds the result."),
    task: Task.nullable(),
    target: z.string().nullable(),
    family: z.string().nullable(),
    metric: z.string().nullable(),
    metrics,
    framework: z.string(),
    model_type: z.string(),
    dataset: z.string(),
    file: Artifact.nullable(),
    notes: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  details: (_, result) => ({
    framework: result?.framework ?? "unknown",
    model_type: result?.model_type ?? "unknown",
    dataset: result?.dataset ?? "unknown",
  }),
  summarize: (result) =>
    [
      ...(result.action === "list" ? [`${result.runs.length} calls have checkpoints.`] : []),
      ...result.runs.map(
        ({ run, op, state, steps, size_bytes, newest, progress }) =>
          `${run} (${op}, ${state}): ${steps} steps, ${size_bytes} bytes${newest ? `, newest ${newest}` : ""}${progress ? `; ${progress}` : ""}.`,
      ),
      ...result.steps
        .slice(0, 60)
        .map(
          ({ name, time, size_bytes, damaged }) =>
            `  ${name} ${time} ${size_bytes} bytes${damaged ? `: DAMAGED (${damaged})` : ""}`,
        ),
      ...(result.steps.length > 60 ? [`  … and ${result.steps.length - 60} more.`] : []),
      ...(result.action === "verify"
        ? [
            result.steps.some(({ damaged }) => damaged)
              ? "Damaged steps are never loaded."
              : "Every file is as written.",
          ]
        : []),
      ...result.differences,
      ...(result.action === "prune"
        ? [
            `${result.removed.length} steps or runs were taken away, ${result.freed_bytes} bytes: ${result.removed.slice(0, 40).join(", ") || "nothing"}.`,
          ]
        : []),
      ...(result.model
        ? [
            `${result.model}: ${result.family}${result.task === null ? "" : ` ${result.task} of \`${result.target}\``}${result.adapter === null ? "" : `, adapter ${result.adapter}`}, run ${result.run_id}; ${Object.entries(
              result.metrics,
            )
              .slice(0, 8)
              .map(([name, value]) => `${name} ${digits(value)}`)
              .join(", ")}.`,
          ]
        : []),
      ...(result.file ? [`${result.file.title}: ${result.file.path}`] : []),
      ...noted(result.notes, result.warnings),
    ].join("\n"),
});
