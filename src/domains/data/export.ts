import { z } from "zod";
import { Artifact, column, columns, confirm, dataset, job, rare, target } from "../../kernel/fields.ts";
import { pythonTool } from "../../kernel/tool.ts";
import { capped, warned } from "../../kernel/words.ts";

const FORMATS = [
  "csv",
  "tsv",
  "jsonl",
  "parquet",
  "arrow",
  "excel",
  "sqlite",
  "duckdb",
  "lance",
  "delta",
  "huggingface",
  "postgresql",
] as const;

const ExportedFile = z
  .strictObject({ path: z.string(), sha256: z.string(), size_bytes: z.int() })
  .meta({ id: "ExportedFile" });

const Masked = z
  .strictObject({ column: z.string(), kind: z.string().nullable(), how: z.enum(["mask", "hash", "drop"]) })
  .meta({ id: "Masked" });

export default pythonTool({
  name: "ml_data_export",
  title: "Export a dataset",
  description: "Write a dataset to a file, folder or database, with checksums and a datasheet; personal data masked.",
  effect: "creates",
  action: "DataPipeline",
  examples: [
    "export the cleaned data as CSV",
    "save this dataset to an Excel file",
    "write the table to parquet partitioned by year",
    "export it without personal data",
    "put the dataset into our postgres database",
    "make a Hugging Face dataset folder of it",
    "write the rows where age > 30 to a file",
    "dump the dataset into SQLite",
  ],
  input: z.strictObject({
    dataset: dataset(),
    path: target("Ending: its format."),
    format: rare(z.enum(FORMATS).optional().describe("Default: by the ending; a Hugging Face folder has none.")),
    columns: rare(columns("Only these.").optional()),
    filter: z.string().min(1).max(2000).optional().describe("SQL."),
    mask: z
      .record(z.string(), z.enum(["mask", "hash", "drop", "keep"]))
      .default({})
      .describe("Column or `*` (personal) to mask|hash|drop."),
    salt: rare(z.string().min(8).max(256).optional().describe("For hash; without one, a new one each time.")),
    partition_by: rare(z.array(column("Column.")).max(5).default([]).describe("A folder for each value.")),
    compression: rare(z.string().max(16).optional().describe("gzip, zstd, snappy, lz4, none.")),
    guard_formulas: rare(z.boolean().default(true).describe("Put ' before text that a spreadsheet would run.")),
    table: rare(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, "a table's name has letters, digits and `_`, at most 63")
        .optional()
        .describe("In a database."),
    ),
    overwrite: rare(z.boolean().default(false).describe("Replace what is there.")),
    confirm: rare(confirm),
    ...job,
  }),
  output: z.strictObject({
    path: z.string(),
    format: z.enum(FORMATS),
    rows: z.int().min(0),
    rows_in: z.int().min(0),
    columns: z.int(),
    size_bytes: z.int(),
    files: z.array(ExportedFile).describe("First 20."),
    file_count: z.int(),
    datasheet: z.union([z.string(), Artifact]).describe("Croissant 1.0, JSON-LD."),
    manifest: z.union([z.string(), Artifact]).describe("SHA-256, bytes and rows."),
    masked: z.array(Masked),
    guarded: z.int().describe("Texts that a spreadsheet would have run."),
    contains_pii: z.boolean().describe("Of what was written."),
    warnings: z.array(z.string()),
  }),
  details: (params, result) => ({
    action: "export",
    dataset: params.dataset,
    contains_pii: result?.contains_pii ?? null,
  }),
  summarize: (result) =>
    [
      `${result.path}: ${result.rows} of ${result.rows_in} rows, ${result.columns} columns (${result.format}, ${result.file_count} files, ${result.size_bytes} bytes).`,
      ...capped(
        result.files.map(({ path, sha256 }) => `SHA-256 ${sha256} ${path}`),
        5,
      ),
      `Datasheet ${where(result.datasheet)}, checksums ${where(result.manifest)}.`,
      ...result.masked.map(({ column: name, kind, how }) => `\`${name}\`${kind ? ` (${kind})` : ""}: ${DONE[how]}.`),
      ...(result.guarded ? [`${result.guarded} texts that a spreadsheet would run as formulas begin with ' now.`] : []),
      ...warned(result.warnings),
    ].join("\n"),
});

const DONE = { mask: "masked", hash: "hashed", drop: "left out" } as const;

const where = (place: string | Artifact) => (typeof place === "string" ? place : place.path);
