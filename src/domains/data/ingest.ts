import { z } from "zod";
import { Artifact, columns, dataset, job, newDataset, newName, rare, source } from "../../kernel/fields.ts";
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
    "Register a table (CSV, JSON, Parquet, Excel, SQL …) as a versioned dataset; types and roles are found, bad rows put aside. Next: ml_data_validate.",
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
    source: source("File, folder, glob, URL (s3, hf, postgresql …) or `sample:iris`."),
    name: newName("Its name."),
    dialect: z
      .record(z.string(), z.string())
      .default({})
      .describe("delimiter, encoding, header, quote, decimal, sheet."),
    null_tokens: rare(z.array(z.string()).optional().describe("Cells to read as missing.")),
    types: z.record(z.string(), z.string()).default({}).describe("Column to int, text, `date:%d/%m/%Y` …"),
    query: rare(z.string().max(20_000).optional().describe("Of a database: a table or a SELECT.")),
    onto: rare(dataset("Adds to this dataset.").optional()),
    key: rare(columns("With `onto`: rows of one key are replaced.").optional()),
    on_bad_rows: rare(z.enum(["quarantine", "fail"]).default("quarantine").describe("Put bad rows aside, or refuse.")),
    ...job,
  }),
  output: z.strictObject({
    dataset: newDataset(),
    rows: z.int().min(0),
    columns: z.int().min(0),
    rows_in: z.int().min(0).describe("Rows read: kept and quarantined."),
    grown: z
      .strictObject({ before: z.int(), added: z.int(), replaced: z.int() })
      .meta({ id: "Grown" })
      .nullable()
      .describe("What became of `onto`."),
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
      ...(result.grown
        ? [
            `${result.grown.before} rows before, ${result.grown.added} added, ${result.grown.replaced} replaced by their key.`,
          ]
        : []),
      ...(result.quarantined
        ? [
            `${result.rows_in} rows in = ${result.rows_in - result.quarantined} kept + ${result.quarantined} quarantined (${result.quarantine?.path ?? ""}).`,
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
