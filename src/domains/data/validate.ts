import { z } from "zod";
import { Artifact, dataset, detail, file, job, rare } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { capped, cell, digits, expectation, warned } from "./fields.ts";

const shownValue = z.union([cell, z.array(cell), z.record(z.string(), cell)]);

const UnexpectedCount = z
  .strictObject({ value: z.union([cell, z.array(cell)]), count: z.int() })
  .meta({ id: "UnexpectedCount" });

const ExpectationResult = z
  .strictObject({
    type: z.string(),
    column: z.string().nullable(),
    severity: z.enum(["error", "warn"]),
    success: z.boolean(),
    element_count: z.int(),
    missing_count: z.int(),
    missing_percent: z.number(),
    unexpected_count: z.int(),
    unexpected_percent: z.number().describe("0 to 100, of values that are not missing."),
    unexpected_percent_total: z.number().describe("Of all values."),
    partial_unexpected_list: z.array(shownValue),
    partial_unexpected_counts: z.array(UnexpectedCount),
    unexpected_index_list: z.array(z.int()).describe("Rows from 0, the first of them."),
    observed_value: z.union([cell, z.array(cell), z.record(z.string(), z.unknown())]),
    details: z.record(z.string(), z.unknown()),
    reason: z.string().describe("Empty where it passed."),
  })
  .meta({ id: "ExpectationResult" });

export const ColumnDrift = z
  .strictObject({
    column: z.string(),
    drifted: z.boolean(),
    test: z.enum(["ks", "chi2"]),
    statistic: z.number(),
    p_adjusted: z.number().describe("Benjamini–Hochberg."),
    psi: z.number(),
    js_distance: z.number().min(0).max(1).describe("Jensen–Shannon, base 2."),
    wasserstein: z.number().nullable().describe("Of numbers, in their unit."),
    missing_before: z.number(),
    missing_now: z.number(),
  })
  .meta({ id: "ColumnDrift" });

export default pythonTool({
  name: "ml_data_validate",
  title: "Validate a dataset",
  description:
    "Can this data be trusted? `check` runs rules or soundness checks; `infer` writes rules; `compare` finds drift. Next: ml_data_profile.",
  effect: "reads",
  action: "DataPipeline",
  examples: [
    "can I trust this CSV?",
    "check the data for duplicates and missing values",
    "validate loans against this expectation suite",
    "make a set of data quality rules from this dataset",
    "has the data drifted since last month?",
    "compare the new batch with the training data",
    "are all ages between 0 and 120 and no ids repeated?",
  ],
  input: z.strictObject({
    action: z.enum(["check", "infer", "compare"]).default("check").describe("See above."),
    dataset: dataset(),
    suite: z.array(expectation).optional().describe("Great Expectations rules."),
    suite_file: file("As JSON.").optional(),
    baseline: dataset("Earlier.").optional(),
    others: rare(z.array(dataset()).max(20).optional().describe("Datasets that rules name.")),
    detail,
    ...job,
  }),
  output: z.strictObject({
    action: z.enum(["check", "infer", "compare"]),
    dataset: z.string(),
    success: z.boolean().describe("No error; warnings may remain."),
    rows: z.int(),
    columns: z.int(),
    checked: z.int().describe("Rules, or columns compared."),
    errors: z.int(),
    warned: z.int(),
    results: z.array(ExpectationResult).describe("Failures; all with `detail: full`."),
    suite: z.array(expectation).describe("infer: the rules."),
    drift: z.array(ColumnDrift).describe("compare: worst first."),
    schema_changes: z.array(z.string()),
    left_out: z.int().describe("Entries of lists not shown."),
    artifacts: z.array(Artifact).describe("The suite or the whole report as JSON, failing rows as CSV."),
    contains_pii: z.boolean(),
    warnings: z.array(z.string()),
  }),
  details: (params, result) => ({
    action: `validate:${params.action}`,
    dataset: params.dataset,
    contains_pii: result?.contains_pii ?? null,
  }),
  summarize: (result) =>
    [
      headline(result),
      ...capped(
        result.results
          .filter(({ success }) => !success)
          .map(
            ({ type, column, severity, reason }) => `${severity}: ${column ? `\`${column}\` ` : ""}${reason} [${type}]`,
          ),
        60,
      ),
      ...capped(
        result.suite.map((rule) => `${String(rule["type"])} ${JSON.stringify(rule["kwargs"])}`),
        60,
      ),
      ...result.schema_changes,
      ...capped(driftLines(result.drift), 60),
      ...(result.left_out ? [`${result.left_out} more in ${result.artifacts[0]?.path ?? "the report"}.`] : []),
      ...warned(result.warnings),
      ...result.artifacts.map(({ title, path }) => `${title}: ${path}`),
    ].join("\n"),
});

/** A line for each column: whether it drifted, and by how much. */
export const driftLines = (drift: readonly z.output<typeof ColumnDrift>[]) =>
  drift.map(({ column, drifted, test, statistic, p_adjusted, psi, js_distance, wasserstein }) => {
    const far = wasserstein === null ? "" : `, Wasserstein ${digits(wasserstein)}`;
    const told = `PSI ${digits(psi)}, ${test} ${digits(statistic)}, p ${digits(p_adjusted)}, JS ${digits(js_distance)}`;
    return `${drifted ? "drift" : "same"}: \`${column}\` ${told}${far}`;
  });

function headline(result: {
  action: string;
  dataset: string;
  success: boolean;
  rows: number;
  columns: number;
  checked: number;
  errors: number;
  warned: number;
}): string {
  const size = `${result.dataset}, ${result.rows} rows, ${result.columns} columns`;
  if (result.action === "infer") return `${size}: ${result.checked} rules that hold for it.`;
  if (result.action === "compare")
    return `${size}: ${result.errors} schema changes, ${result.warned} of ${result.checked} columns drifted.`;
  return `${size}: ${result.success ? "passed" : "failed"}; ${result.checked} checks, ${result.errors} errors, ${result.warned} warnings.`;
}
