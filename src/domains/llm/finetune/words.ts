import { capped, digits, percent, warned } from "../../../kernel/words.ts";
import type { Finetuned } from "./result.ts";

const MOST_CHARACTERS = 1500;

const gigabytes = (bytes: number) => `${digits(bytes / 1e9)} GB`;

/** The whole result, complete and short. */
export function words(result: Finetuned): string {
  const { action, model, adapter, memory, plan, examples, metrics } = result;
  return [
    ...(action === "list" ? [listed(result)] : []),
    ...result.adapters.map(
      (one) =>
        `${one.model}${one.current ? " (current)" : ""}${one.deleted ? " (deleted)" : ""}: ${one.format}${one.method ? ` by ${one.method}` : ""}${one.base ? ` of ${one.base}` : ""}, learnt from ${one.dataset || "nothing"}${told(one.metrics)}.`,
    ),
    ...(model ? [`${model}: ${result.model_type}, ready to serve${told(metrics)}.`] : []),
    ...(adapter ? [`${adapter}: the adapter (${result.method}) of ${result.base_model}.`] : []),
    ...(result.trainable_parameters
      ? [
          `${result.trainable_parameters.toLocaleString("en")} of ${result.parameters.toLocaleString("en")} weights learn (${percent(result.trainable_share)}).`,
        ]
      : []),
    ...(plan
      ? [
          `${plan.steps} steps of ${plan.effective_batch} examples (${digits(plan.epochs)} epochs), about ${digits(plan.seconds)} s; ${plan.tokens} tokens, ${plan.learnt_tokens} in the loss.`,
        ]
      : []),
    ...(memory
      ? [
          `Memory: ${gigabytes(memory.needed_bytes)} needed (weights ${gigabytes(memory.weights_bytes)}, training ${gigabytes(memory.training_bytes)}, activations ${gigabytes(memory.activations_bytes)}), ${gigabytes(memory.available_bytes)} free on ${memory.device}${memory.fits ? "" : ": it does not fit"}.`,
        ]
      : []),
    ...(examples
      ? [
          `Examples: ${examples.given} given, ${examples.learnt} learnt, ${examples.held_out} held out${Object.entries(
            examples.dropped,
          )
            .map(([reason, count]) => `, ${count} dropped (${reason})`)
            .join("")}${examples.cut ? `; ${examples.cut} cut` : ""}.`,
        ]
      : []),
    ...shown(result),
    ...(result.written === null ? [] : [`Written to ${result.written}.`]),
    ...(result.file ? [`${result.file.title}: ${result.file.path}`] : []),
    ...result.notes.map((note) => `Note: ${note}`),
    ...warned(result.warnings),
    ...(model ? ["Next: ml_inference_serve, ml_llm_evaluate, ml_llm_quantize."] : []),
  ].join("\n");
}

const listed = ({ adapters }: Finetuned) =>
  adapters.length ? `${adapters.length} language models were made here:` : "No language model was made here yet.";

function told(metrics: Readonly<Record<string, number>>): string {
  const lines = capped(
    Object.entries(metrics).map(([name, value]) => `${name} ${digits(value)}`),
    12,
  );
  return lines.length ? `; ${lines.join(", ")}` : "";
}

/** The first example as the model sees it; what is learnt stands between ⟦ and ⟧. */
function shown({ template }: Finetuned): string[] {
  if (!template) return [];
  const whose = { model: "the model's chat template", ours: "our chat template", none: "no template" }[template.source];
  const text = template.pieces.map(({ text, learnt }) => (learnt ? `⟦${text}⟧` : text)).join("");
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return [`First example by ${whose} (${template.learnt_tokens} of ${template.tokens} tokens learnt, in ⟦ ⟧):`, cut];
}
