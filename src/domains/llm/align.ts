import { z } from "zod";
import { SERVED_BY } from "../../kernel/backends.ts";
import { dataset, job, languageModel, newModel, newName, rare, seed } from "../../kernel/fields.ts";
import { nativeTool } from "../../kernel/tool.ts";
import { capped, digits, percent, table, warned } from "../../kernel/words.ts";
import { CATEGORIES, type RedTeam as Found, Garak, RedTeam, STRATEGIES } from "./align/fields.ts";
import { redteam } from "./align/redteam.ts";
import { Served } from "./fields.ts";

const EFFECTS = { check: "reads", train: "creates", redteam: "reads" } as const;
const ACTIONS = z.enum(["check", "train", "redteam"]);
const METHODS = ["dpo", "orpo", "kto", "reward", "grpo", "rloo"] as const;

const Params = z.strictObject({
  action: ACTIONS.default("train").describe("See above."),
  model: languageModel("Name or files.").optional(),
  dataset: dataset("Pairs, labelled answers, or prompts.").optional(),
  method: z.enum(METHODS).default("dpo").describe("train."),
  dry_run: rare(z.boolean().default(false).describe("Only what it takes.")),
  reward_model: rare(languageModel("grpo, rloo, and to judge answers after; else exact match.").optional()),
  adapter: rare(z.enum(["lora", "none"]).default("lora").describe("none: all weights.")),
  rank: rare(z.int().min(1).max(1024).default(16).describe("Of the adapter.")),
  steps: rare(z.int().min(1).max(1_000_000).default(100).describe("Of the optimizer.")),
  batch_size: rare(z.int().min(1).max(4096).default(8).describe("Examples a step.")),
  learning_rate: rare(z.number().gt(0).max(1).optional().describe("Usual for the method where left out.")),
  beta: rare(z.number().min(0).max(100).optional().describe("Pull towards where it began.")),
  generations: rare(z.int().min(2).max(64).default(4).describe("grpo, rloo: answers a prompt.")),
  max_tokens: rare(z.int().min(1).max(100_000).default(128).describe("Of an answer.")),
  held_out: rare(z.number().min(0).max(0.9).default(0.1).describe("Share to judge by.")),
  model_name: rare(newName("Its name.").optional()),
  authorisation: rare(z.string().min(3).max(500).optional().describe("redteam: who allows it, of what.")),
  backend: rare(z.enum(SERVED_BY).optional().describe("redteam.")),
  url: rare(z.url().max(1024).optional().describe("redteam: of a server.")),
  system: rare(z.string().max(20_000).optional().describe("redteam: the target's system prompt.")),
  categories: rare(z.array(z.enum(CATEGORIES)).min(1).optional().describe("redteam: these alone.")),
  strategies: rare(z.array(z.enum(STRATEGIES)).min(1).optional().describe("redteam: these alone.")),
  garak: rare(
    z
      .array(z.string().regex(/^[a-z0-9_]+(\.[A-Za-z0-9_]+)?$/))
      .min(1)
      .max(50)
      .optional()
      .describe("redteam: garak's probes too, as encoding."),
  ),
  resume: rare(z.string().max(300).optional().describe("redteam: go on from this result.")),
  time_budget_seconds: rare(z.number().min(1).max(86_400).default(3600).describe("redteam.")),
  seed,
  ...job,
});
export type AlignParams = z.output<typeof Params>;

const Change = z.strictObject({ before: z.number().nullable(), after: z.number().nullable() }).meta({ id: "Change" });

const Preferences = z
  .strictObject({
    format: z.string(),
    rows: z.int(),
    used: z.int(),
    bad: z.int().describe("Rows that hold no example."),
    identical: z.int().describe("Pairs whose answers are the same."),
    duplicates: z.int().describe("Rows that were there before."),
    contradictory: z.int().describe("Pairs that are there the other way round too."),
    chosen_characters: z.number().nullable().describe("Mean."),
    rejected_characters: z.number().nullable(),
    chosen_longer: z.number().nullable().describe("Share of pairs."),
    chosen_longer_p: z.number().nullable().describe("Sign test against one half."),
    wanted: z.number().nullable().describe("kto: share labelled true."),
  })
  .meta({ id: "PreferenceData" });

const Trained = z
  .strictObject({
    trainable_parameters: z.int(),
    parameters: z.int(),
    steps: z.int(),
    examples: z.int(),
    held_out: z.int(),
    memory_bytes: z.int().describe("Estimated: weights, gradients, optimizer, reference."),
    loss: Change.describe("First and last step."),
    loss_expected_first: z.number().nullable().describe("dpo: ln 2."),
    margin: Change.describe("Reward of chosen less rejected, first and last step."),
    accuracy: Change.describe("Held-out pairs whose chosen answer is likelier a token, or scored higher."),
    length_accuracy: z.number().nullable().describe("Of choosing the longer one, on the same pairs."),
    kl: z.number().nullable().describe("From where it began, nats a token, on held-out answers."),
    reward: Change.describe("Mean: grpo and rloo, first and last tenth of steps; else of answers to held-out prompts."),
    win_rate: z
      .strictObject({
        wins: z.int(),
        ties: z.int(),
        losses: z.int(),
        rate: z.number(),
        low: z.number(),
        high: z.number(),
      })
      .meta({ id: "WinRate" })
      .nullable()
      .describe("Answers after against before, by the reward model; ties count half."),
  })
  .meta({ id: "AlignmentTraining" });

const Aligned = z.strictObject({
  action: ACTIONS,
  method: z.enum(METHODS).nullable(),
  run_id: z.string(),
  model: newModel().nullable(),
  data: Preferences.nullable(),
  training: Trained.nullable(),
  redteam: RedTeam.nullable(),
  garak: Garak.nullable().describe("Where its probes were asked for."),
  seconds: z.number(),
  warnings: z.array(z.string()),
});
export type Aligned = z.output<typeof Aligned>;

export default nativeTool({
  name: "ml_llm_align",
  title: "Align or red-team a model",
  description:
    "Teach a language model preferences or rewards; `check` looks at the data. `redteam` attacks a served model you may test, plain and disguised: rates with intervals, OWASP.",
  effect: EFFECTS,
  action: "ModelTraining",
  examples: [
    "align my model with DPO on these preference pairs",
    "train a reward model from chosen and rejected answers",
    "run GRPO with my reward model",
    "check my preference data for length bias",
    "red team the chat model that is served locally",
    "does the model refuse harmful requests when they are encoded?",
    "can the system prompt be extracted from our assistant?",
    "fine-tune with KTO on thumbs up and down",
  ],
  opensRun: true,
  input: Params,
  output: Aligned,
  op: { params: Params.extend({ served: Served.optional() }), result: Aligned },
  details: ({ action, method, model, dataset: data }, result) => ({
    framework: action === "train" ? "trl" : "ml-engine",
    model_type: action === "train" ? method : action,
    dataset: data ?? result?.redteam?.target ?? model ?? "*",
  }),
  summarize: (result) =>
    [
      ...(result.model === null ? [] : [`${result.model}: ${result.method}, run ${result.run_id}.`]),
      ...dataInWords(result.data),
      ...trainingInWords(result),
      ...redteamInWords(result),
      ...warned(result.warnings),
      ...(result.model === null ? [] : ["Next: ml_llm_evaluate, or ml_inference_serve."]),
    ].join("\n"),
  run: async (params, ports) => {
    if (params.action !== "redteam") return Aligned.parse(await ports.python(params));
    const started = Date.now();
    const found = await redteam(params, ports);
    return {
      action: params.action,
      method: null,
      run_id: found.redteam?.transcripts.uri.split("/").at(-2) ?? "",
      model: null,
      data: null,
      training: null,
      redteam: null,
      garak: null,
      warnings: [],
      ...found,
      seconds: (Date.now() - started) / 1000,
    };
  },
});

function dataInWords(data: Aligned["data"]): string[] {
  if (!data) return [];
  const { chosen_longer: longer } = data;
  return [
    `${data.rows} rows (${data.format}), ${data.used} used: ${data.bad} hold no example, ${data.identical} have two answers that are the same, ${data.duplicates} are there twice, ${data.contradictory} contradict another.`,
    ...(longer === null
      ? []
      : [
          `The chosen answer is the longer one in ${percent(longer)} (p ${digits(data.chosen_longer_p ?? 1)}); ${digits(data.chosen_characters ?? 0)} characters against ${digits(data.rejected_characters ?? 0)}.`,
        ]),
    ...(data.wanted === null ? [] : [`${percent(data.wanted)} are wanted.`]),
  ];
}

const change = (name: string, { before, after }: z.output<typeof Change>) =>
  after === null ? [] : [`${name} ${before === null ? "–" : digits(before)} -> ${digits(after)}`];

function trainingInWords({ training }: Aligned): string[] {
  if (!training) return [];
  const { win_rate: won } = training;
  return [
    `${training.trainable_parameters} of ${training.parameters} parameters are trained, ${training.steps} steps on ${training.examples} examples, ${training.held_out} held out; about ${digits(training.memory_bytes / 1e9)} GB.`,
    [
      ...change("loss", training.loss),
      ...(training.loss_expected_first === null
        ? []
        : [`(ln 2 = ${digits(training.loss_expected_first)} at the start)`]),
      ...change("margin", training.margin),
      ...change("accuracy", training.accuracy),
      ...change("reward", training.reward),
      ...(training.kl === null ? [] : [`KL ${digits(training.kl)}`]),
    ].join("; "),
    ...(won === null
      ? []
      : [
          `Wins ${won.wins}, ties ${won.ties}, losses ${won.losses} against what it was: ${percent(won.rate)} (${percent(won.low)} to ${percent(won.high)}).`,
        ]),
  ].filter((line) => line !== "");
}

const rated = ({ rate, low, high }: Found["overall"]) =>
  rate === null ? "–" : `${percent(rate)} (${percent(low ?? 0)} to ${percent(high ?? 1)})`;

function redteamInWords({ redteam: found, garak }: Aligned): string[] {
  if (!found) return [];
  const { overall, over_refusal } = found;
  return [
    `${found.target}, authorised: ${found.authorisation}. ${found.attempts} of ${found.planned} attempts; attacks that succeed: ${rated(overall)}, ${overall.unscorable} not scored.`,
    ...(over_refusal === null ? [] : [`Harmless asks declined: ${rated(over_refusal)}.`]),
    ...table([
      ["", "success", "failed", "not scored", "rate (95 %)"],
      ...[...found.by_category, ...found.by_strategy, ...found.by_owasp, ...(garak?.rates ?? [])].map((one) => [
        one.name,
        String(one.success),
        String(one.failed),
        String(one.unscorable),
        rated(one),
      ]),
    ]),
    ...capped(
      found.found.map(({ probe, strategy, why }) => `${probe}, ${strategy}: ${why}.`),
      20,
    ),
    `All transcripts: ${found.transcripts.path}`,
    ...(garak ? [`garak ${garak.version}: ${garak.report.path}`] : []),
  ];
}
