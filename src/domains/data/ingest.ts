import { z } from "zod";
import { Artifact, job, newDataset, newName, source } from "../../kernel/fields.ts";
import { Role } from "../../kernel/manifest.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { capped, percent, preview, rows, table, warned } from "./fields.ts";

const IngestedColumn = z
  .strictObject({
    name: z.string(),
    dtype: z.string(),
    role: Role,
    personal: z.string().nullable(),
    missing: z.number().min(0).max(1),
  })
  .meta({ id: "IngestedColumn" });

export default pythonTool({
  name: "ml_data_ingest",
  title: "Ingest a dataset",
  description:
    "Register a table (CSV, TSV, JSON, JSON Lines, Parquet, Arrow, Excel, a sample) as a versioned dataset. Finds dialect, types, roles, personal data; puts bad rows aside with reasons. Next: ml_data_validate, ml_data_profile.",
  effect: "creates",
  action: "DataPipeline",
  examples: [
    "here is a CSV, load it",
    "import loans.csv as a dataset called loans",
    "read this Excel sheet into the workspace",
    "load the iris sample data",
    "bring in all parquet files of this folder",
    "my file is semicolon separated with decimal commas, import it",
    "download this data URL and register it",
  ],
  input: z.strictObject({
    source: source("File, folder, glob, URL, or `sample:iris` (wine, breast_cancer, digits, diabetes, linnerud)."),
    name: newName("Name to register it under."),
    dialect: z
      .record(z.string(), z.string())
      .default({})
      .describe("Overrides of what is found: delimiter, encoding, header (yes, no), quote, decimal, sheet."),
    null_tokens: z.array(z.string()).optional().describe("Cells to read as missing."),
    types: z
      .record(z.string(), z.string())
      .default({})
      .describe("Column to text, int, float, bool, date, datetime, `date:%d/%m/%Y`."),
    on_bad_rows: z.enum(["quarantine", "fail"]).default("quarantine").describe("Put bad rows aside, or refuse."),
    ...job,
  }),
  output: z.strictObject({
    dataset: newDataset(),
    rows: z.int().min(0),
    columns: z.int().min(0),
    rows_in: z.int().min(0).describe("`rows` + `quarantined`."),
    quarantined: z.int().min(0),
    quarantine: Artifact.nullable().describe("CSV: file, line, reason, raw text."),
    format: z.string(),
    files: z.int(),
    dialect: z.record(z.string(), z.string()),
    schema: z.array(IngestedColumn).describe("First 100 columns."),
    preview: rows,
    contains_pii: z.boolean(),
    hash: z.string().describe("SHA-256 of schema and values."),
    bad_rows: z.array(z.string()).describe("First bad rows and why."),
    warnings: z.array(z.string()),
  }),
  details: (params, result) => ({
    action: "ingest",
    dataset: result?.dataset ?? params.name,
    contains_pii: result?.contains_pii ?? null,
  }),
  summarize: (result) =>
    [
      `${result.dataset}: ${result.rows} rows, ${result.columns} columns (${result.format}${result.files > 1 ? `, ${result.files} files` : ""}). SHA-256 ${result.hash.slice(0, 12)}.`,
      ...(result.quarantined
        ? [
            `${result.rows_in} rows in = ${result.rows} kept + ${result.quarantined} quarantined (${result.quarantine?.path ?? ""}).`,
          ]
        : []),
      ...result.bad_rows,
      ...warned(result.warnings),
      "",
      ...capped(
        table([
          ["column", "type", "role", "missing"],
          ...result.schema.map(({ name, dtype, role, personal, missing }) => [
            name,
            dtype,
            personal ? `${role} (personal: ${personal})` : role,
            percent(missing),
          ]),
        ]),
        61,
      ),
      "",
      ...preview(result.preview),
    ].join("\n"),
});
