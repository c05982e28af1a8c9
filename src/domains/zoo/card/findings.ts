import type { Bar, Block, Section } from "./blocks.ts";
import { digits, percent, ranged } from "./blocks.ts";
import type { Facts, Recorded } from "./facts.ts";
import { assessBy, evaluateBy, explainBy } from "./kinds.ts";
import type { Fairness } from "./records.ts";

const SHARES: ReadonlySet<string> = new Set([
  "roc_auc",
  "average_precision",
  "accuracy",
  "balanced_accuracy",
  "precision",
  "recall",
  "f1",
  "f1_macro",
  "precision_macro",
  "f1_weighted",
  "mcc",
  "kappa",
  "r2",
]);
const RATES = ["base_rate", "selection_rate", "accuracy", "tpr", "fpr", "ppv", "mean_prediction", "mae", "bias"];

/** What was measured, as a whole and by group. */
export function analyses({ manifest, evaluation, fairness }: Facts): Section {
  return {
    title: "Quantitative analyses",
    fields: [
      {
        name: "Overall results",
        blocks: evaluation ? overall(evaluation.result) : [],
        how: evaluateBy(manifest),
        source: source(evaluation),
      },
      {
        name: "Results by group",
        blocks: fairness ? byGroup(fairness.result) : [],
        how: assessBy(manifest),
        source: source(fairness),
      },
    ],
  };
}

function overall({ intervals, per_class, slices }: NonNullable<Facts["evaluation"]>["result"]): Block[] {
  const bars = intervals
    .filter(({ metric, value }) => SHARES.has(metric) && value >= 0)
    .map(
      ({ metric, value, low, high, baseline }): Bar => ({
        label: metric,
        value,
        low: low ?? undefined,
        high: high ?? undefined,
        mark: baseline === null || baseline < 0 ? undefined : baseline,
        text: ranged(value, low, high),
      }),
    );
  return [
    ...(bars.length
      ? [
          {
            kind: "bars",
            caption: "Higher is better; whiskers are 95 % intervals, the tick is the baseline.",
            bars,
          } as const,
        ]
      : []),
    {
      kind: "table",
      head: ["Metric", "Value [95 % interval]", "Baseline"],
      rows: intervals.map(({ metric, value, low, high, baseline }) => [
        metric,
        ranged(value, low, high),
        digits(baseline),
      ]),
    },
    ...(per_class.length
      ? [
          {
            kind: "table",
            head: ["Class", "Precision", "Recall", "F1", "Rows"],
            rows: per_class.map(({ label, precision, recall, f1, rows }) => [
              label,
              digits(precision),
              digits(recall),
              digits(f1),
              String(rows),
            ]),
          } as const,
        ]
      : []),
    ...(slices.length
      ? [
          {
            kind: "list",
            items: slices
              .slice(0, 5)
              .map(
                ({ slice, rows, metric, rest, p_adjusted }) =>
                  `Worse where ${slice}: ${digits(metric)} against ${digits(rest)} elsewhere (${rows} rows, adjusted p ${digits(p_adjusted)})`,
              ),
          } as const,
        ]
      : []),
  ];
}

function byGroup({ groups, selected }: Fairness): Block[] {
  const shown = RATES.filter((name) => groups.some(({ metrics }) => metrics[name]));
  const drawn = groups
    .filter(({ compared, metrics }) => compared && typeof metrics["selection_rate"]?.value === "number")
    .slice(0, 16);
  const bars = drawn.flatMap(({ attribute, group, metrics }): Bar[] => {
    const rate = metrics["selection_rate"];
    return rate && rate.value !== null
      ? [
          {
            label: `${attribute}: ${group}`,
            value: rate.value,
            low: rate.low ?? undefined,
            high: rate.high ?? undefined,
            text: ranged(rate.value, rate.low, rate.high),
          },
        ]
      : [];
  });
  return [
    ...(bars.length
      ? [
          {
            kind: "bars",
            caption: `Selection rate by group${selected ? ` (${selected})` : ""}, with 95 % intervals.`,
            bars,
          } as const,
        ]
      : []),
    {
      kind: "table",
      head: ["Attribute", "Group", "Rows", ...shown.map((name) => name.replaceAll("_", " "))],
      rows: groups
        .slice(0, 40)
        .map(({ attribute, group, rows, compared, metrics }) => [
          attribute,
          group,
          `${rows}${compared ? "" : " (too few)"}`,
          ...shown.map((name) => digits(metrics[name]?.value)),
        ]),
    },
  ];
}

/** What the model leans on. */
export function reliance({ manifest, importance }: Facts): Section {
  const blocks: Block[] = [];
  if (importance) {
    const { features, metric, curves, notes } = importance.result;
    const bars = features.slice(0, 12).map(({ column, permutation, low, high, shap }): Bar => {
      const value = permutation ?? shap ?? 0;
      return {
        label: column,
        value: Math.max(value, 0),
        low: low === null ? undefined : Math.max(low, 0),
        high: high === null ? undefined : Math.max(high, 0),
        text: ranged(value, low, high),
      };
    });
    const shuffled = features.some(({ permutation }) => permutation !== null);
    blocks.push({
      kind: "bars",
      caption: shuffled
        ? `Loss of ${metric} when a column is shuffled, with 95 % intervals over shuffles.`
        : "Mean absolute SHAP value.",
      bars,
    });
    const shapes = curves
      .filter(({ kind }) => kind === "partial_dependence")
      .map(({ column, shape }) => `${column}: ${shape}`);
    if (shapes.length) blocks.push({ kind: "list", items: shapes });
    if (notes.length) blocks.push({ kind: "list", items: notes });
  }
  return {
    title: "What it relies on",
    fields: [
      {
        name: "Importance of the inputs",
        blocks,
        how: explainBy(manifest),
        source: source(importance),
      },
    ],
  };
}

/** Whom it may treat worse. */
export function ethics({ manifest, fairness, data }: Facts): Section {
  const blocks: Block[] = [];
  if (fairness) {
    const { verdict, gaps, mitigation, notes } = fairness.result;
    blocks.push({
      kind: "text",
      text: `${verdict.verdict === "pass" ? "Passes" : "Fails"} (${verdict.rule}${verdict.certain ? "" : ", uncertain"}). ${verdict.said}`,
    });
    const beyond = gaps.filter(({ within_tolerance }) => !within_tolerance);
    if (beyond.length)
      blocks.push({
        kind: "list",
        items: beyond
          .slice(0, 12)
          .map(
            ({ attribute, criterion, difference }) =>
              `${criterion} by ${attribute}: difference ${ranged(difference.value, difference.low, difference.high)}`,
          ),
      });
    for (const items of [notes, mitigation?.given_up ?? []]) if (items.length) blocks.push({ kind: "list", items });
  }
  const personal = data?.manifest.columns.filter((column) => column.personal !== null) ?? [];
  return {
    title: "Ethical considerations",
    fields: [
      { name: "Fairness", blocks, how: assessBy(manifest), source: source(fairness) },
      {
        name: "Sensitive data",
        blocks: data
          ? [
              {
                kind: "text",
                text: personal.length
                  ? `${percent(personal.length / data.manifest.columns.length)} of the training columns may hold personal data.`
                  : "No column of the training data was suspected of holding personal data.",
              },
            ]
          : [],
        how: "Register the data with ml_data_ingest before training.",
      },
    ],
  };
}

/** Where a recorded result comes from. */
export const source = (recorded: Recorded<unknown> | undefined) =>
  recorded && `${recorded.event.tool}, event ${recorded.event.seq}, ${recorded.event.time.slice(0, 10)}`;
