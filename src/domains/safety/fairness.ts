import { z } from "zod";
import { Artifact, dataset, job, model, rare, seed } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { digits, first, ranged } from "./fields.ts";

const Estimate = z
  .strictObject({ value: z.number().nullable(), low: z.number().nullable(), high: z.number().nullable() })
  .describe("95 % interval; null where undefined.")
  .meta({ id: "Estimate" });

const Group = z
  .strictObject({
    attribute: z.string().describe("`sex`, or `sex × race` for an intersection."),
    group: z.string(),
    rows: z.int(),
    compared: z.boolean().describe("False where it has fewer rows than `min_group`."),
    metrics: z.record(z.string(), Estimate),
  })
  .meta({ id: "Group" });

const Gap = z
  .strictObject({
    attribute: z.string(),
    criterion: z.string(),
    metric: z.string(),
    difference: Estimate.describe("Highest group minus lowest."),
    ratio: Estimate.describe("Lowest over highest."),
    lowest: z.string(),
    highest: z.string(),
    within_tolerance: z.boolean(),
  })
  .meta({ id: "Gap" });

const Mitigated = z
  .strictObject({
    method: z.string(),
    note: z.string(),
    accuracy: z.number(),
    accuracy_change: z.number(),
    selection_rate: z.number(),
    demographic_parity_difference: z.number(),
    demographic_parity_ratio: z.number().nullable(),
    equalized_odds_difference: z.number().nullable(),
    decisions_changed: z.number().describe("Share of rows decided otherwise than before."),
  })
  .meta({ id: "Mitigated" });

const Mitigation = z
  .strictObject({
    constraint: z.string(),
    attribute: z.string(),
    rows: z.strictObject({ learnt: z.int(), tested: z.int(), left_out: z.int() }),
    methods: z.array(Mitigated),
    rules: z
      .array(z.strictObject({ group: z.string(), rule: z.string() }))
      .describe("The threshold optimiser's rule for each group."),
    curve: z.array(
      z.strictObject({ method: z.string(), setting: z.number(), accuracy: z.number(), disparity: z.number() }),
    ),
    given_up: z.array(z.string()),
    plot: Artifact,
  })
  .meta({ id: "Mitigation" });

export default pythonTool({
  name: "ml_safety_fairness",
  title: "Assess and mitigate unfairness",
  description:
    "Compare a model's outcomes and errors between groups and intersections, with intervals and the four-fifths rule; `mitigate` shows what evening out costs. Next: ml_transparency_explain.",
  effect: "reads",
  action: "EvaluationRun",
  examples: [
    "is the model fair to women?",
    "check for bias against protected groups by race and sex",
    "what is the false positive rate for each ethnic group?",
    "does the classifier pass the four-fifths rule?",
    "demographic parity and equalized odds by gender",
    "how can I make the loan model fairer and what would it cost in accuracy?",
    "compare error rates across age groups",
  ],
  input: z.strictObject({
    action: z.enum(["assess", "mitigate"]).default("assess").describe("See above."),
    model: model(),
    dataset: dataset(),
    sensitive: z.array(z.string().min(1).max(256)).min(1).max(4).describe("Columns whose groups to compare."),
    positive: rare(z.string().max(256).optional().describe("Label that counts as selected; default the model's.")),
    threshold: rare(
      z.number().min(0).max(1).optional().describe("Select at this score; default the model's own decision."),
    ),
    cuts: rare(
      z
        .record(z.string(), z.array(z.number()).min(1).max(9))
        .default({})
        .describe("Cut points of numeric sensitive columns; default quartiles."),
    ),
    min_group: rare(z.int().min(2).max(100_000).default(30).describe("Smaller groups are shown, not compared.")),
    tolerance: rare(z.number().min(0).max(1).default(0.1).describe("Largest difference called even.")),
    constraint: rare(
      z.enum(["demographic_parity", "equalized_odds"]).default("equalized_odds").describe("What `mitigate` evens out."),
    ),
    resamples: rare(z.int().min(100).max(10_000).default(1000).describe("Bootstrap resamples.")),
    seed,
    ...job,
  }),
  output: z.strictObject({
    model: z.string(),
    dataset: z.string(),
    task: z.enum(["classification", "regression"]),
    target: z.string(),
    selected: z.string().nullable().describe("What counts as selected."),
    rows: z.strictObject({ given: z.int(), scored: z.int(), dropped: z.int() }),
    overall: z.record(z.string(), z.number().nullable()),
    groups: z.array(Group),
    gaps: z.array(Gap),
    bins: z.record(z.string(), z.array(z.number())).describe("Cut points used for numeric columns."),
    verdict: z.strictObject({
      rule: z.string(),
      verdict: z.enum(["pass", "fail"]),
      certain: z.boolean().describe("The whole interval lies on one side."),
      attribute: z.string(),
      ratio: Estimate,
      said: z.string(),
    }),
    mitigation: Mitigation.nullable(),
    plot: Artifact,
    notes: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  details: ({ model, dataset, sensitive }, result) => ({
    evaluator: "ml_safety_fairness",
    scope: `${model} on ${dataset} by ${sensitive.join(", ")}`,
    count: result?.rows.scored ?? 0,
  }),
  summarize: (result) => {
    const { mitigation, verdict, groups, gaps } = result;
    const shown =
      result.task === "regression"
        ? ["mean_prediction", "mean_truth", "mae", "bias"]
        : ["base_rate", "selection_rate", "accuracy", "tpr", "fpr", "fnr", "ppv", "ece"];
    const rates = (metrics: (typeof groups)[number]["metrics"]) =>
      shown
        .flatMap((name) =>
          metrics[name]
            ? [
                `${name} ${name === "selection_rate" || name === "bias" ? ranged(metrics[name]) : digits(metrics[name].value)}`,
              ]
            : [],
        )
        .join(", ");
    return [
      `${verdict.verdict.toUpperCase()}${verdict.certain ? "" : " (uncertain)"}: ${verdict.said}`,
      `${result.model} on ${result.dataset}: ${result.rows.scored} of ${result.rows.given} rows, target \`${result.target}\`${result.selected ? `; selected = ${result.selected}` : ""}.`,
      ...Object.entries(result.bins).map(([name, cuts]) => `\`${name}\` is cut at ${cuts.map(digits).join(", ")}.`),
      ...first(
        groups.map(
          (one) =>
            `  ${one.attribute} = ${one.group} (n ${one.rows}${one.compared ? "" : ", too few to compare"}): ${rates(one.metrics)}`,
        ),
        24,
      ),
      "Largest gaps between groups, 95 % intervals:",
      ...first(
        gaps.map(
          (gap) =>
            `  ${gap.attribute}, ${gap.criterion} (${gap.metric}): difference ${ranged(gap.difference)}, ratio ${ranged(gap.ratio)}; lowest ${gap.lowest}, highest ${gap.highest}; ${gap.within_tolerance ? "within" : "beyond"} tolerance`,
        ),
        24,
      ),
      ...(mitigation
        ? [
            `Mitigation for ${mitigation.constraint} by ${mitigation.attribute}; learnt on ${mitigation.rows.learnt} rows, measured on ${mitigation.rows.tested} others${mitigation.rows.left_out ? ` (${mitigation.rows.left_out} left out: their group is small or lacks one of the outcomes)` : ""}:`,
            ...mitigation.methods.map(
              (one) =>
                `  ${one.method}: accuracy ${digits(one.accuracy)} (${one.accuracy_change < 0 ? "" : "+"}${digits(one.accuracy_change)}), selects ${digits(one.selection_rate)}, demographic parity difference ${digits(one.demographic_parity_difference)} (ratio ${digits(one.demographic_parity_ratio)}), equalised odds difference ${digits(one.equalized_odds_difference)}, changes ${digits(one.decisions_changed)} of decisions. ${one.note}`,
            ),
            ...mitigation.rules.map(({ group, rule }) => `  Rule for ${group}: ${rule}`),
            ...mitigation.given_up,
          ]
        : []),
      ...result.notes.map((note) => `Note: ${note}`),
      ...result.warnings.map((warning) => `Warning: ${warning}`),
    ].join("\n");
  },
});
