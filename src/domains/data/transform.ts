import { z } from "zod";
import { dataset, job, newDataset, newName, rare, seed } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { capped, preview, rows, warned } from "./fields.ts";

const OPS = [
  "select",
  "drop",
  "rename",
  "cast",
  "filter",
  "derive",
  "impute",
  "scale",
  "encode",
  "bin",
  "clean_text",
  "dates",
  "deduplicate",
  "sample",
  "rebalance",
  "sort",
  "join",
  "union",
  "aggregate",
  "window",
  "pivot",
  "unpivot",
  "sql",
  "split",
] as const;

const METHODS = [
  "impute mean|median|mode|constant",
  "scale standard|minmax|robust|power|log|quantile",
  "encode onehot|ordinal|target",
  "bin quantile|width",
  "clean_text trim|lower|upper|accents|punctuation|whitespace|html|replace",
  "deduplicate exact|near",
  "rebalance over|under",
  "join left|inner|outer|semi|anti",
  "pivot first|last|sum|mean|min|max|count",
  "split random|stratified|grouped|stratified_grouped|time|kfold",
].join("; ");

const Step = z
  .strictObject({
    op: z.enum(OPS),
    columns: z.array(z.string()).optional().describe("Default: all that fit. pivot: the values."),
    map: z
      .record(z.string(), z.string())
      .optional()
      .describe(
        "rename: old to new; cast: column to int, float, text, bool, date, datetime; aggregate, window: new column to `mean(x)`; join: own key to theirs.",
      ),
    expression: z
      .string()
      .optional()
      .describe("filter, derive: SQL; sql: SELECT … FROM this; clean_text replace: regex."),
    as: z.string().optional().describe("derive: new column."),
    method: z.string().optional().describe(`${METHODS}.`),
    value: z.union([z.string(), z.number()]).optional().describe("impute: constant; clean_text replace: new text."),
    size: z.number().gt(0).optional().describe("bins; sample rows or share; folds; rows of a window."),
    by: z
      .string()
      .optional()
      .describe(
        "split, rebalance: class, group or time column; window: time; pivot: names; encode target: the target.",
      ),
    group: z.array(z.string()).optional().describe("aggregate, window, pivot, unpivot, split stratified_grouped."),
    with: z.string().optional().describe("join, union: a dataset of `with`."),
    on: z.array(z.string()).optional().describe("join: keys that both have."),
    validate: z.enum(["one-to-one", "one-to-many", "many-to-one"]).optional().describe("join: refuse any other."),
    threshold: z.number().gt(0).max(1).optional().describe("deduplicate near: similarity (0.8)."),
    smoothing: z.number().min(0).optional().describe("encode target: rows that the mean of all counts as."),
    gap: z
      .union([z.string(), z.number()])
      .optional()
      .describe("split time: left out before each part, `7d` or a number."),
    shares: z.record(z.string(), z.number()).optional().describe("split: default train 0.8, test 0.2."),
    parts: z.array(z.string()).optional().describe("dates: year, month, weekday, hour, month_cyclic, …"),
    descending: z.boolean().optional(),
  })
  .meta({ id: "Step" });

const StepReport = z
  .strictObject({
    op: z.string(),
    rows_before: z.int(),
    rows_after: z.int(),
    added: z.array(z.string()).describe("Columns."),
    removed: z.array(z.string()),
    note: z.string(),
  })
  .meta({ id: "StepReport" });

export default pythonTool({
  name: "ml_data_transform",
  title: "Transform and split a dataset",
  description:
    "Reshape, join and split datasets by steps. Learns on train alone and keeps it. Next: ml_training_train.",
  effect: "creates",
  action: "DataPipeline",
  examples: [
    "split the data 80/20 stratified by income",
    "fill missing values and one-hot encode the categories",
    "drop the id column and filter out minors",
    "remove duplicate rows",
    "scale the numeric columns without leaking the test set",
    "apply the same preprocessing to the new batch",
    "balance the classes by oversampling",
    "join the customers onto the orders and sum them by month",
  ],
  input: z.strictObject({
    dataset: dataset(),
    name: newName("Of the result; parts add `_train`.").optional(),
    steps: z
      .array(Step)
      .max(100)
      .default([])
      .describe(
        "{op, columns?, …}: select, drop, deduplicate, sort; rename, cast {map}; filter, sql {expression}; derive {as, expression}; impute, scale, encode, bin, clean_text {method}; dates {parts}; sample {size}; join {with, on, method}, union {with}; aggregate, window {group, map}; pivot, unpivot {group}; rebalance {method, by}; split {method: stratified|grouped|time|kfold, by, shares}.",
      ),
    with: rare(z.array(dataset()).max(10).optional().describe("Datasets that steps name.")),
    apply: dataset("Whose steps to repeat.").optional(),
    preview: z.boolean().default(false).describe("Show only."),
    seed,
    ...job,
  }),
  output: z.strictObject({
    datasets: z.array(
      z.strictObject({ part: z.string().nullable(), dataset: newDataset(), rows: z.int(), columns: z.int() }),
    ),
    source: z.string(),
    rows_in: z.int(),
    rows_out: z.int().describe("Over all parts: `rows_in` − `removed` + `added`."),
    removed: z.int(),
    added: z.int().describe("By oversampling, joins, unions."),
    steps: z.array(StepReport),
    preview: rows,
    contains_pii: z.boolean(),
    warnings: z.array(z.string()),
  }),
  details: (params, result) => ({
    action: params.preview ? "transform:preview" : "transform",
    dataset: params.dataset,
    contains_pii: result?.contains_pii ?? null,
  }),
  summarize: (result) =>
    [
      `${result.source}: ${result.rows_in} rows in, ${result.rows_out} out (${result.removed} removed, ${result.added} added).`,
      ...result.datasets.map(
        ({ part, dataset: made, rows: count, columns }) =>
          `${part ? `${part}: ` : ""}${made}, ${count} rows, ${columns} columns.`,
      ),
      ...(result.datasets.length ? [] : ["A preview: nothing was registered."]),
      ...capped(result.steps.map(stepLine), 60),
      ...warned(result.warnings),
      "",
      ...preview(result.preview),
    ].join("\n"),
});

function stepLine(
  { op, rows_before, rows_after, added, removed, note }: z.output<typeof StepReport>,
  index: number,
): string {
  const changes = [
    ...(rows_before === rows_after ? [] : [`${rows_before} → ${rows_after} rows`]),
    ...(added.length ? [`+ ${capped(added, 6).join(", ")}`] : []),
    ...(removed.length ? [`− ${capped(removed, 6).join(", ")}`] : []),
    ...(note ? [note] : []),
  ];
  return `${index + 1}. ${op}: ${changes.join("; ") || "no change"}`;
}
