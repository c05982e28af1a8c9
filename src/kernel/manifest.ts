import { z } from "zod";

/** What a column means, beside its storage type. */
export const Role = z.enum([
  "identifier",
  "target_candidate",
  "numeric",
  "categorical",
  "ordinal",
  "boolean",
  "datetime",
  "text",
  "geo",
  "constant",
  "personal",
]);

export const ColumnSchema = z
  .strictObject({
    name: z.string(),
    dtype: z.string().describe("Polars type name."),
    role: Role,
    personal: z.string().nullable().describe("Kind of personal data suspected (`email`, `name`, …), else null."),
  })
  .meta({ id: "ColumnSchema" });

/** `dataset.json`, beside `data.parquet` in every registered dataset's folder. */
export const DatasetManifest = z
  .strictObject({
    name: z.string(),
    hash: z
      .string()
      .describe(
        "SHA-256, hex, of the table's schema and values: equal tables are equal, whatever file they came from.",
      ),
    rows: z.int().min(0),
    size_bytes: z.int().min(0),
    columns: z.array(ColumnSchema),
    source: z.string().describe("Where the rows came from, in words."),
    contains_pii: z.boolean(),
    part: z.string().nullable().describe("`train`, `test`, …, where it is a part of a split."),
    pipeline: z.unknown().describe("Steps that made it, where it was transformed, else null."),
  })
  .meta({ id: "DatasetManifest" });

/** `feature_view.json`, in every registered feature view's folder. */
export const FeatureViewManifest = z
  .strictObject({
    name: z.string(),
    hash: z.string().describe("SHA-256, hex, of the definition in canonical JSON."),
    definition: z.record(z.string(), z.unknown()),
    statistics: z.array(z.record(z.string(), z.unknown())).describe("Of each feature's values when it was defined."),
  })
  .meta({ id: "FeatureViewManifest" });

export const Task = z.enum([
  "classification",
  "regression",
  "clustering",
  "anomaly_detection",
  "forecasting",
  "ranking",
]);

/** What language models are for: to write, or to say how good what was written is. */
export const LANGUAGE_TASKS = ["text_generation", "reward"] as const;

/** Family of every language model's manifest. */
export const LANGUAGE = "language";

/** `model.json`, beside the weights in every registered model's folder. */
export const ModelManifest = z
  .strictObject({
    name: z.string(),
    hash: z.string().describe("SHA-256, hex, over the model's files."),
    task: z.enum([...Task.options, ...LANGUAGE_TASKS]),
    target: z.string().describe("Empty where nothing is predicted."),
    classes: z.array(z.string()).describe("Labels in the order of the probabilities; empty but for classification."),
    positive: z.string().nullable().describe("The label scored as positive in binary classification."),
    framework: z
      .string()
      .describe(
        "`scikit-learn`, `lightgbm`, `xgboost`, `catboost`, `torch`, `statsmodels`, `transformers`, `llama.cpp`, or `ml-engine` for a blend of several.",
      ),
    model_type: z.string().describe("Estimator class."),
    family: z.string(),
    format: z
      .string()
      .describe("`skops`, `booster-json`, `forecaster`, `safetensors`, `gguf`, `adapter` (of PEFT) or `blend`."),
    base: z.string().optional().describe("Of a language model: what it was made from, `name@version` or a path."),
    files: z.record(z.string(), z.string()).describe("File, by its path in the folder, to its SHA-256, hex."),
    signature: z.array(ColumnSchema).describe("Feature columns, in order."),
    time: z.string().optional().describe("Column of the moments, of a forecaster."),
    group: z.string().optional().describe("Column of the series of a forecaster, or of the query of a ranker."),
    example: z.array(z.record(z.string(), z.unknown())).describe("Up to three rows of features."),
    params: z.record(z.string(), z.unknown()),
    metrics: z.record(z.string(), z.number()),
    run_id: z.string(),
    dataset: z.string().describe("`name@version` or the file it was trained on."),
    dataset_hash: z.string(),
    rows: z.int().min(0),
    seed: z.int(),
    pipeline: z
      .unknown()
      .optional()
      .describe("Steps that prepared the dataset it was trained on, where it was transformed."),
    environment: z.record(z.string(), z.string()).describe("Package to version."),
  })
  .meta({ id: "ModelManifest" });
