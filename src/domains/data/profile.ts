import { z } from "zod";
import { Artifact, column, dataset, detail, job, rare } from "../../kernel/fields.ts";
import { Role } from "../../kernel/manifest.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { capped, cell, digits, percent, table, warned } from "./fields.ts";
import { ColumnDrift, driftLines } from "./validate.ts";

const TopValue = z.strictObject({ value: cell, rows: z.int(), share: z.number() }).meta({ id: "TopValue" });

const ColumnProfile = z
  .strictObject({
    name: z.string(),
    dtype: z.string(),
    role: Role,
    missing: z.number().describe("Share, as are the other fields without a unit."),
    distinct: z.int(),
    mean: z.number().nullable().optional(),
    std: z.number().nullable().optional(),
    min: cell.optional(),
    p25: z.number().nullable().optional(),
    median: z.number().nullable().optional(),
    p75: z.number().nullable().optional(),
    max: cell.optional(),
    skewness: z.number().nullable().optional(),
    outliers: z.int().optional().describe("Beyond 1.5 IQR of the quartiles."),
    top: z.array(TopValue).optional(),
    more: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        "With `detail: full`: counts of zeros, negative and infinite values, further moments and quantiles, lengths, histogram, time gaps.",
      ),
  })
  .meta({ id: "ColumnProfile" });

const Alert = z
  .strictObject({ kind: z.string(), columns: z.array(z.string()), message: z.string() })
  .meta({ id: "Alert" });

const Association = z
  .strictObject({
    a: z.string(),
    b: z.string(),
    method: z.enum(["pearson", "spearman", "cramers_v", "correlation_ratio"]),
    value: z.number(),
    kendall: z.number().nullable().describe("Tau-b of two numbers, on at most 5000 evenly spaced rows."),
    nats: z.number().describe("Mutual information, on the same rows."),
  })
  .meta({ id: "Association" });

const Leak = z
  .strictObject({ column: z.string(), measure: z.string(), value: z.number(), reason: z.string() })
  .meta({ id: "Leak" });

const TargetProfile = z
  .strictObject({
    name: z.string(),
    task: z.enum(["classification", "regression"]),
    classes: z.array(TopValue),
    missing: z.number(),
    mutual_information: z
      .array(z.strictObject({ column: z.string(), nats: z.number() }))
      .describe("With the target, highest first, numbers in ten bins."),
    leakage: z.array(Leak),
  })
  .meta({ id: "TargetProfile" });

export default pythonTool({
  name: "ml_data_profile",
  title: "Profile a dataset",
  description:
    "Describe each column and what would hurt training: missing, outliers, duplicates, correlations, imbalance, target leakage, personal data; report. Next: ml_data_transform.",
  effect: "reads",
  action: "DataPipeline",
  examples: [
    "profile this dataset",
    "what is in this data?",
    "give me summary statistics for every column",
    "which features leak the target?",
    "how many values are missing and where?",
    "show distributions and correlations",
    "is the target imbalanced?",
    "does this table contain personal data?",
  ],
  input: z.strictObject({
    dataset: dataset(),
    target: column("To predict.").optional(),
    baseline: rare(dataset("Earlier.").optional()),
    detail,
    ...job,
  }),
  output: z.strictObject({
    dataset: z.string(),
    rows: z.int(),
    columns: z.int(),
    memory_bytes: z.int(),
    missing_cells: z.int(),
    missing: z.number().describe("Share of cells."),
    duplicate_rows: z.int().describe("Rows equal to an earlier one."),
    types: z.record(z.string(), z.int()),
    alerts: z.array(Alert),
    profiles: z.array(ColumnProfile),
    missing_patterns: z
      .array(z.strictObject({ columns: z.array(z.string()), rows: z.int() }))
      .describe("Columns missing together."),
    associations: z.array(Association).describe("Strongest pairs."),
    target: TargetProfile.nullable(),
    personal: z.array(z.strictObject({ column: z.string(), kind: z.string() })),
    contains_pii: z.boolean(),
    schema_changes: z.array(z.string()).describe("Since `baseline`."),
    drift: z.array(ColumnDrift).describe("From `baseline`, worst first."),
    left_out: z.array(z.string()).describe("What was cut to keep this short; the report has it."),
    artifacts: z.array(Artifact),
    warnings: z.array(z.string()),
  }),
  details: (params, result) => ({
    action: "profile",
    dataset: params.dataset,
    contains_pii: result?.contains_pii ?? null,
  }),
  summarize: (result) =>
    [
      `${result.dataset}: ${result.rows} rows, ${result.columns} columns, ${percent(result.missing)} of cells missing, ${result.duplicate_rows} duplicate rows.`,
      ...capped(
        result.alerts.map(({ kind, message }) => `${kind}: ${message}`),
        30,
      ),
      ...targetLines(result.target),
      ...capped(result.schema_changes, 20),
      ...capped(driftLines(result.drift), 20),
      "",
      ...capped(
        table([
          ["column", "type", "role", "missing", "distinct", "summary"],
          ...result.profiles.map((entry) => [
            entry.name,
            entry.dtype,
            entry.role,
            percent(entry.missing),
            String(entry.distinct),
            summary(entry),
          ]),
        ]),
        61,
      ),
      "",
      ...(result.associations.length ? ["Strongest pairs:"] : []),
      ...result.associations.slice(0, 10).map(({ a, b, method, value }) => `${a} ~ ${b}: ${digits(value)} (${method})`),
      ...result.missing_patterns
        .slice(0, 5)
        .map(({ columns, rows }) => `Missing together in ${rows} rows: ${columns.join(", ")}`),
      ...result.left_out.map((what) => `Left out here: ${what}`),
      ...warned(result.warnings),
      ...result.artifacts.map(({ title, path }) => `${title}: ${path}`),
    ].join("\n"),
});

function summary(entry: z.output<typeof ColumnProfile>): string {
  const { mean, std, min, median, max, top } = entry;
  if (typeof mean === "number")
    return `mean ${digits(mean)}${typeof std === "number" ? ` ± ${digits(std)}` : ""}, ${shown(min)} … ${shown(median)} … ${shown(max)}`;
  if (top?.length)
    return top
      .slice(0, 3)
      .map(({ value, share }) => `${shown(value)} ${percent(share)}`)
      .join(", ");
  return min === undefined ? "" : `${shown(min)} … ${shown(max)}`;
}

const shown = (value: z.output<typeof cell> | undefined) =>
  typeof value === "number" ? digits(value) : String(value ?? "·");

function targetLines(target: z.output<typeof TargetProfile> | null): string[] {
  if (!target) return [];
  const classes = target.classes.map(({ value, share }) => `${shown(value)} ${percent(share)}`).join(", ");
  return [
    `Target \`${target.name}\` (${target.task})${classes ? `: ${classes}` : ""}.`,
    ...(target.mutual_information.length
      ? [
          `Most informative: ${target.mutual_information
            .filter(({ nats }) => nats > 0)
            .slice(0, 8)
            .map(({ column, nats }) => `${column} ${digits(nats)}`)
            .join(", ")} (mutual information, nats).`,
        ]
      : []),
  ];
}
