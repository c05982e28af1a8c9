import type { Block, Section } from "./blocks.ts";
import { digits, percent } from "./blocks.ts";
import type { Facts } from "./facts.ts";
import { source } from "./findings.ts";
import { assessBy, evaluateBy, isLanguage } from "./kinds.ts";

/** What goes in, and which groups were looked at. */
export function factors({ manifest, fairness }: Facts): Section {
  const attributes = fairness ? [...new Set(fairness.result.groups.map(({ attribute }) => attribute))] : [];
  const columns = manifest.signature.slice(0, 60).map(({ name, dtype, role }) => [name, dtype, role] as const);
  return {
    title: "Factors",
    fields: [
      {
        name: "Inputs",
        blocks: [
          isLanguage(manifest)
            ? ({ kind: "text", text: "Text, as the tokenizer beside the weights reads it." } as const)
            : ({ kind: "table", head: ["Column", "Type", "Role"], rows: columns } as const),
          ...(manifest.signature.length > 60
            ? [{ kind: "text", text: `${manifest.signature.length - 60} more columns are in model.json.` } as const]
            : []),
        ],
        how: "",
      },
      {
        name: "Groups evaluated",
        blocks: attributes.length ? [{ kind: "list", items: attributes }] : [],
        how: assessBy(manifest),
        source: source(fairness),
      },
    ],
  };
}

/** What is measured, and how sure it is. */
export function metrics({ manifest, evaluation }: Facts): Section {
  const rows = Object.entries(manifest.metrics).map(([name, value]) => [name, digits(value)] as const);
  const { intervals = [], resamples } = evaluation?.result ?? {};
  return {
    title: "Metrics",
    fields: [
      {
        name: isLanguage(manifest) ? "Training" : "Cross-validation while training",
        blocks: rows.length ? [{ kind: "facts", rows }] : [],
        how: "Train with cross-validation.",
      },
      {
        name: "Measures and their uncertainty",
        blocks: evaluation
          ? [
              {
                kind: "text",
                text: `${intervals.map(({ metric }) => metric).join(", ")}; 95 % percentile bootstrap intervals${resamples ? ` from ${resamples} resamples` : ""}, each beside a baseline that ignores the inputs.`,
              },
            ]
          : [],
        how: evaluateBy(manifest),
        source: source(evaluation),
      },
    ],
  };
}

/** The rows it was judged on. */
export function evaluationData({ manifest, evaluation }: Facts): Section {
  const blocks: Block[] = [];
  if (evaluation) {
    const { dataset, rows, training_rows_seen } = evaluation.result;
    blocks.push({
      kind: "facts",
      rows: [
        ["Dataset", dataset],
        ["Rows scored", `${rows.scored} of ${rows.given}`],
        ...(training_rows_seen === null ? [] : [["Also trained on", percent(training_rows_seen)] as const]),
      ],
    });
    if (dataset === manifest.dataset)
      blocks.push({ kind: "text", text: "This is the dataset the model was trained on: the results are too kind." });
  }
  return {
    title: "Evaluation data",
    fields: [{ name: "Evaluation data", blocks, how: evaluateBy(manifest), source: source(evaluation) }],
  };
}

/** The rows it was made from. */
export function trainingData({ manifest, data, profile }: Facts): Section {
  const known: [string, string][] = [
    ["Dataset", manifest.dataset],
    ["Rows used", String(manifest.rows)],
    ["SHA-256", manifest.dataset_hash],
  ];
  if (data)
    known.push(
      ["Rows", String(data.manifest.rows)],
      ["Columns", String(data.manifest.columns.length)],
      ["Part", data.manifest.part ?? "the whole"],
    );
  const { rows, missing, duplicate_rows, alerts = [] } = profile?.result ?? {};
  return {
    title: "Training data",
    fields: [
      { name: "Dataset", blocks: [{ kind: "facts", rows: known }], how: "" },
      {
        name: "Where it came from",
        blocks: data ? [{ kind: "text", text: data.manifest.source }] : [],
        how: "Register the data with ml_data_ingest before training.",
      },
      {
        name: "Personal data",
        blocks: data
          ? [
              {
                kind: "text",
                text: data.manifest.contains_pii
                  ? `Suspected: ${data.manifest.columns.flatMap(({ name, personal }) => (personal ? [`${name} (${personal})`] : [])).join(", ")}.`
                  : "None was suspected.",
              },
            ]
          : [],
        how: "Register the data with ml_data_ingest before training.",
      },
      {
        name: "Quality",
        blocks: profile
          ? [
              {
                kind: "facts",
                rows: [
                  ["Rows", String(rows)],
                  ["Cells missing", percent(missing ?? 0)],
                  ["Duplicate rows", String(duplicate_rows)],
                ],
              },
              ...(alerts.length
                ? [{ kind: "list", items: alerts.slice(0, 12).map(({ message }) => message) } as const]
                : []),
            ]
          : [],
        how: "Run ml_data_profile with the training data.",
        source: source(profile),
      },
    ],
  };
}
