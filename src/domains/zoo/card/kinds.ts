import { LANGUAGE } from "../../../kernel/manifest.ts";
import type { Facts } from "./facts.ts";

type Manifest = Facts["manifest"];

export const isLanguage = ({ family }: Manifest) => family === LANGUAGE;

const listed = (names: readonly string[]) => `${names.slice(0, 6).join(", ")}${names.length > 6 ? ", …" : ""}`;

/** What models of a task do, in a few words. */
const DOES: Readonly<Record<Manifest["task"], (manifest: Manifest) => string>> = {
  classification: ({ target, classes }) => `Classifies \`${target}\` (${listed(classes)})`,
  regression: ({ target }) => `Predicts the number \`${target}\``,
  clustering: () => "Groups rows that are alike",
  anomaly_detection: () => "Scores how unusual a row is",
  forecasting: ({ target }) => `Forecasts \`${target}\``,
  ranking: ({ target }) => `Ranks rows by \`${target}\``,
  text_generation: () => "Writes text",
  reward: () => "Scores how good an answer is",
};

/** One sentence: what the model does, from what, and what it was made of. */
export function summary(manifest: Manifest): string {
  const { task, model_type, rows, dataset, signature, base } = manifest;
  if (!isLanguage(manifest))
    return `${DOES[task](manifest)} from ${signature.length} columns with ${model_type}, trained on ${rows} rows of ${dataset}.`;
  const method = manifest.params["method"];
  return [
    `${DOES[task](manifest)} with ${model_type} (${manifest.format})`,
    ...(base ? [`made from ${base}${typeof method === "string" ? ` by ${method}` : ""}`] : []),
    ...(dataset ? [`trained on ${rows} examples of ${dataset}`] : []),
  ]
    .join(", ")
    .concat(".");
}

/** The task as the Hugging Face Hub calls it. */
export const pipelineTag = ({ task }: Manifest) =>
  task === "text_generation" ? "text-generation" : task === "reward" ? "text-classification" : `tabular-${task}`;

/** What records how good a model is. */
export const evaluateBy = (manifest: Manifest) =>
  isLanguage(manifest)
    ? "Run ml_llm_evaluate with this model."
    : "Run ml_training_evaluate with this model on held-out rows.";
/** What records whom a model treats worse. */
export const assessBy = (manifest: Manifest) =>
  isLanguage(manifest)
    ? "Run ml_llm_align with action redteam on this model."
    : "Run ml_safety_fairness with this model.";
/** What records what a model leans on. */
export const explainBy = (manifest: Manifest) =>
  isLanguage(manifest)
    ? "No tool here measures it for language models."
    : "Run ml_interpretability_importance with this model on held-out rows.";
