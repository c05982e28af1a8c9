import { z } from "zod";
import { SERVED_BY } from "../../kernel/backends.ts";
import { dataset, file, job, languageModel, newDataset, rare, seed } from "../../kernel/fields.ts";
import type { Ports } from "../../kernel/ports.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, digits, table, warned } from "../../kernel/words.ts";
import { Served, servedBy } from "./fields.ts";

const ACTIONS = z.enum(["run", "compare"]);

const Params = z.strictObject({
  action: ACTIONS.default("run").describe("See above."),
  model: languageModel("Name or files.").optional(),
  tasks: z.array(z.string().min(1).max(200)).max(50).optional().describe("Harness names, as hellaswag."),
  dataset: dataset("Questions with answers, as a task.").optional(),
  compare: rare(z.array(dataset("Samples of a run.")).length(2).optional().describe("compare: samples of two runs.")),
  task_files: rare(z.array(file("Harness YAML.")).max(50).default([]).describe("Tasks as YAML files.")),
  backend: rare(z.enum(SERVED_BY).optional().describe("Ask the server of this kind that runs.")),
  url: rare(z.url().max(1024).optional().describe("Ask an OpenAI-compatible server.")),
  limit: rare(z.int().min(1).optional().describe("First so many of a task: a partial result.")),
  few_shot: rare(z.int().min(0).max(100).optional().describe("Examples shown before; else the task's own.")),
  chat_template: rare(z.boolean().default(false).describe("Prompts as chats.")),
  system: rare(z.string().max(20_000).optional().describe("System prompt.")),
  max_tokens: rare(z.int().min(1).max(100_000).default(64).describe("dataset: of an answer.")),
  seed,
  ...job,
});
type EvaluateParams = z.output<typeof Params>;

const Conditions = z
  .strictObject({
    task: z.string(),
    version: z.string(),
    kind: z.string().describe("generate_until, multiple_choice, loglikelihood …"),
    few_shot: z.int(),
    chat_template: z.string().nullable().describe("SHA-256; null where none was applied."),
    limit: z.int().nullable(),
    prompts: z.string().describe("SHA-256 over all prompts."),
    fingerprint: z.string().describe("Of all this: only equal ones are compared."),
  })
  .meta({ id: "EvaluationConditions" });

const Difference = z
  .strictObject({
    task: z.string(),
    metric: z.string(),
    samples: z.int(),
    first: z.number(),
    second: z.number(),
    difference: z.number().describe("second - first."),
    standard_error: z.number(),
    p: z.number().describe("Two-sided paired randomization test, Holm-corrected."),
    only_first: z.int().describe("Samples that the first has better."),
    only_second: z.int(),
  })
  .meta({ id: "EvaluationDifference" });

const Evaluated = z.strictObject({
  action: ACTIONS,
  model: z.string(),
  against: z.string().nullable().describe("compare: the second."),
  through: z.string().describe("transformers, or the server asked."),
  results: z.array(
    z
      .strictObject({
        task: z.string(),
        metric: z.string(),
        value: z.number(),
        standard_error: z.number().nullable(),
        samples: z.int(),
        higher_is_better: z.boolean().nullable(),
      })
      .meta({ id: "TaskScore" }),
  ),
  conditions: z.array(Conditions),
  partial: z.boolean().describe("Whether `limit` left samples out."),
  samples: newDataset("Every sample with its score: name and version.").nullable(),
  wrong: z.array(
    z
      .strictObject({ task: z.string(), prompt: z.string(), target: z.string(), answer: z.string() })
      .meta({ id: "WrongSample" }),
  ),
  comparison: z.array(Difference),
  verdict: z.string().nullable(),
  versions: z.record(z.string(), z.string()),
  seconds: z.number(),
  warnings: z.array(z.string()),
});

export default nativeTool({
  name: "ml_llm_evaluate",
  title: "Evaluate a language model",
  description:
    "Score a language model with lm-evaluation-harness: its tasks, your YAML or a dataset; weights opened here, or a server asked. `compare` tests two runs pairwise.",
  effect: "creates",
  action: "EvaluationRun",
  examples: [
    "evaluate my fine-tuned language model on these questions",
    "run hellaswag with lm-evaluation-harness",
    "what exact match does the model reach on the test set?",
    "score the model on my multiple choice questions",
    "did quantization make the language model worse?",
    "evaluate the model that Ollama serves on my prompts",
  ],
  input: Params,
  output: Evaluated,
  op: { params: Params.extend({ served: Served.nullable() }), result: Evaluated },
  details: ({ tasks = [], task_files, dataset: own, compare }, result) => ({
    evaluator: "lm-evaluation-harness",
    scope: [...tasks, ...task_files, ...(own === undefined ? [] : [own]), ...(compare ?? [])].join(", ") || "*",
    count: result?.results.reduce((sum, { samples }) => sum + samples, 0) ?? 0,
  }),
  summarize: (result) =>
    [
      result.against === null
        ? `${result.model} by ${result.through}${result.partial ? ", partial (`limit`)" : ""}:`
        : `${result.model} against ${result.against}:`,
      ...table(
        result.results.length === 0
          ? []
          : [
              ["task", "metric", "value", "standard error", "samples"],
              ...result.results.map(({ task, metric, value, standard_error, samples }) => [
                task,
                metric,
                digits(value),
                standard_error === null ? "–" : digits(standard_error),
                String(samples),
              ]),
            ],
      ),
      ...table(
        result.comparison.length === 0
          ? []
          : [
              ["task", "metric", "first", "second", "difference", "standard error", "p", "samples"],
              ...result.comparison.map((one) => [
                one.task,
                one.metric,
                ...[one.first, one.second, one.difference, one.standard_error, one.p].map(digits),
                String(one.samples),
              ]),
            ],
      ),
      ...(result.verdict === null ? [] : [result.verdict]),
      ...result.conditions.map(
        ({ task, version, few_shot, chat_template, fingerprint }) =>
          `${task}: version ${version}, ${few_shot}-shot, ${chat_template === null ? "no chat template" : "chat template"}; fingerprint ${fingerprint.slice(0, 12)}.`,
      ),
      ...capped(
        result.wrong.map(
          ({ task, prompt, target, answer }) =>
            `${task}: ${prompt.slice(-200)} → ${answer.slice(0, 200)} (right: ${target.slice(0, 200)})`,
        ),
        10,
      ),
      ...warned(result.warnings),
      ...(result.samples === null
        ? []
        : [
            `Samples: ${result.samples}. action compare with it and another run's says whether a difference is chance.`,
          ]),
    ].join("\n"),
  run: async (params, ports) =>
    Evaluated.parse(await ports.python({ ...params, served: await servedFor(params, ports) })),
});

/** The server that a call means; none where the weights are to be opened. */
async function servedFor({ action, backend, url, model }: EvaluateParams, { backends, signal }: Ports) {
  if (action === "compare" || (backend === undefined && url === undefined)) return null;
  return servedBy(await backends.attach({ backend, model, url }, signal));
}
