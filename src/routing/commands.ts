import { tools } from "../domains/all.ts";
import type { PromptArgument, PromptSpec } from "../kernel/prompt.ts";
import type { Tool } from "../kernel/tool.ts";
import { quoted } from "../workflows/workflow.ts";

const dataset: PromptArgument = {
  name: "dataset",
  description: "Registered dataset or file.",
  required: true,
  completes: "dataset",
};
const model: PromptArgument = { name: "model", description: "Registered model.", required: true, completes: "model" };
const target: PromptArgument = { name: "target", description: "Column to predict.", required: true };
const optional = (argument: PromptArgument): PromptArgument => ({ ...argument, required: false });

/** What a command tells an agent to do; tools are named by `tool`, so that none is named that is not there. */
interface Command {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  readonly does: readonly string[];
  /** The part that this server does not do yet. */
  readonly missing?: string;
}

const COMMANDS: readonly Command[] = [
  {
    name: "ml",
    title: "Overview",
    description: "What is here and what to do next.",
    arguments: [{ name: "request", description: "What you want, in your words.", required: false }],
    does: [
      "Read ml://datasets and ml://events.",
      `Call ${tool("ml_training_experiment").name} with {"action":"search","order_by":"start_time DESC"}.`,
      "Say what data, models and runs there are, what went wrong lately, and what to do next. With a request, read ml://route/{request} (percent-encoded) and begin with the tool it ranks first.",
    ],
  },
  {
    name: "data",
    title: "Look at data",
    description: "Bring in, check and profile a file or dataset.",
    arguments: [{ ...dataset, description: "File, URL, `sample:<name>` or registered dataset." }, optional(target)],
    does: [
      `If it is not registered yet, call ${tool("ml_data_ingest").name} with it as source and a short name.`,
      `Call ${tool("ml_data_validate").name} with action check, then ${tool("ml_data_profile").name} with the target if there is one.`,
      "Say whether the data can be trusted, what to mend first, and what could leak the target.",
    ],
  },
  {
    name: "features",
    title: "Make features",
    description: "Define features and join them to labels without leakage.",
    arguments: [dataset, optional(target), { name: "entity", description: "Key column.", required: false }],
    does: [
      `Call ${tool("ml_data_profile").name} first. Where rows belong to entities and have a time, propose a view (windows, lags, expressions) with the reason for each feature; after the person agrees, call ${tool("ml_features_define").name} and then ${tool("ml_features_compute").name} with action join.`,
      `Where each row stands for itself, propose steps (derive, dates, bin, encode, scale, impute); show them with ${tool("ml_data_transform").name} and preview: true, then call it again with a split in the same steps, so that what is learnt is learnt on the training part alone.`,
    ],
  },
  {
    name: "train",
    title: "Train a model",
    description: "Train and evaluate a model on a dataset.",
    arguments: [
      dataset,
      target,
      { name: "family", description: "As `lightgbm`; `auto` tries several.", required: false },
    ],
    does: [
      `Unless the dataset is a training part already, split it with ${tool("ml_data_transform").name}.`,
      `Call ${tool("ml_training_train").name} on the training part and ${tool("ml_training_evaluate").name} on the test part.`,
      "Say how it compares with the baseline, with intervals, and name every warning.",
    ],
  },
  {
    name: "finetune",
    title: "Fine-tune a language model",
    description: "Check examples and let a language model learn from them.",
    arguments: [
      { ...dataset, description: "Examples: registered dataset or file." },
      { ...model, name: "base_model", description: "Model to tune; without, only the check.", required: false },
      { name: "method", description: "As `lora` or `qlora`.", required: false },
    ],
    does: [
      `Call ${tool("ml_llm_prepare").name} with preview: true; report format, drops by reason, lengths and personal data.`,
      `With a base model: prepare it without preview, call ${tool("ml_llm_finetune").name} with dry_run: true on the train part and the eval part as eval_dataset; say weights, memory, time and what of the first example is learnt. After the person agrees, call it again without dry_run.`,
      "Say the held-out loss before and after, and name every warning.",
    ],
  },
  {
    name: "quantize",
    title: "Quantize a model",
    description: "Make a language model smaller, and say what it cost.",
    arguments: [
      { ...model, description: "Registered model, GGUF file or folder." },
      { name: "type", description: "As `Q4_K_M`, `gptq` or `awq`.", required: false },
    ],
    does: [
      `Call ${tool("ml_llm_quantize").name} with dry_run true and the type (gptq, awq, int8 and fp8 are its \`method\`); say the size, and which tensors fall back.`,
      "After the person agrees, call it without dry_run; say perplexity before and after, KL divergence, and how often the likeliest token stays.",
      `Score it with ${tool("ml_llm_evaluate").name} on the person's own questions and compare with the original before it is served.`,
    ],
  },
  {
    name: "rag",
    title: "Ask documents",
    description: "Index documents, or ask a collection.",
    arguments: [
      { name: "collection", description: "Collection of documents.", required: true, completes: "collection" },
      { name: "source", description: "File or folder to index.", required: false },
      { name: "question", description: "What to ask.", required: false },
    ],
    does: [
      `With a source: call ${tool("ml_rag_ingest").name}; say what failed and every warning.`,
      `With a question: call ${tool("ml_rag_query").name}, answer from the context alone with its [n], then call it again with the answer as answer_text and take out what is not supported. Where nothing comes near, say that the documents do not tell.`,
      `With neither: call ${tool("ml_rag_manage").name} to describe the collection and ${tool("ml_rag_diagnose").name} for its health.`,
    ],
  },
  {
    name: "eval",
    title: "Evaluate a model",
    description: "Measure a model on data, or against another.",
    arguments: [
      model,
      dataset,
      { name: "compare_to", description: "Another model.", required: false, completes: "model" },
    ],
    does: [
      `Call ${tool("ml_training_evaluate").name} with what is given; for a language model ${tool("ml_llm_evaluate").name} on each, then its action compare on the two \`samples\`.`,
      "Say the metrics with intervals beside the baseline, the worst slices, and whether a difference is more than chance.",
    ],
  },
  {
    name: "inference",
    title: "Use a model",
    description: "Serve and ask a language model, know its speed, or predict a row.",
    arguments: [
      {
        name: "model",
        description: "Registered model, GGUF file or name at a server.",
        required: true,
        completes: "model",
      },
      { name: "prompt", description: "What to ask a language model.", required: false },
      { name: "dataset", description: "Rows for a tabular model.", required: false, completes: "dataset" },
    ],
    does: [
      `With a dataset: call ${tool("ml_transparency_explain").name} with row 0 unless told, and ${tool("ml_inference_profile").name} for how long a prediction takes.`,
      `Else call ${tool("ml_inference_serve").name} with action list; where nothing serves the model, call it with action inspect, say what it needs and what is free, and after the person agrees call it with action start.`,
      `With a prompt, call ${tool("ml_inference_serve").name} with action chat (generate where the model has no chat template) and show the answer with its tokens and speed.`,
      `Without one, call ${tool("ml_inference_profile").name} and say the time to the first token, tokens a second, and how both change with load. ${tool("ml_inference_compare").name} tells it from others, ${tool("ml_inference_optimize").name} makes it faster.`,
    ],
  },
  {
    name: "models",
    title: "Models",
    description: "What models there are, or one model's card.",
    arguments: [optional(model)],
    does: [
      `With a model, call ${tool("ml_zoo_card").name} with it.`,
      `Without, call ${tool("ml_training_experiment").name} with {"action":"search","filter":"attributes.status = 'FINISHED'"} and name the models with their metrics.`,
    ],
  },
  {
    name: "research",
    title: "Compare runs",
    description: "Compare recorded runs of an experiment.",
    arguments: [{ name: "experiment", description: "Experiment.", required: false }],
    does: [
      `Call ${tool("ml_training_experiment").name} with action search, then compare on the best runs.`,
      "Count a difference only where the corrected test says so.",
    ],
    missing: "searching the literature",
  },
  {
    name: "explain",
    title: "Explain a decision",
    description: "Why a model answered so for a row.",
    arguments: [model, dataset, { name: "row", description: "Row number, from 0.", required: false }],
    does: [
      `Call ${tool("ml_transparency_explain").name} with what is given (row 0 unless told).`,
      `For the model as a whole, call ${tool("ml_interpretability_importance").name}.`,
    ],
  },
  {
    name: "safety",
    title: "Is it fair?",
    description: "Assess a model's fairness by group.",
    arguments: [model, dataset, { name: "sensitive", description: "Protected columns, by commas.", required: true }],
    does: [
      `Call ${tool("ml_safety_fairness").name} with action assess.`,
      "If it fails the four-fifths rule, call it with action mitigate and say what evening out would cost.",
    ],
  },
  {
    name: "redteam",
    title: "Red-team a model",
    description: "Attack a language model that you may test, or find where a tabular one fails worst.",
    arguments: [
      { ...model, description: "Served language model, as `ollama:NAME`, or a tabular one." },
      { name: "authorisation", description: "Who allows it, of what.", required: false },
      optional(dataset),
    ],
    does: [
      `For a language model: ask who allows the attack and of what, unless it is given; then call ${tool("ml_llm_align").name} with {"action":"redteam"} and it as authorisation. Say the rate with its interval by category and strategy, how many attempts could not be scored, and how many harmless asks were declined. Call it again with \`resume\` where attempts are left.`,
      `For a tabular one with a dataset: call ${tool("ml_training_evaluate").name} and report the worst slices; then ${tool("ml_transparency_explain").name} on rows it got wrong with confidence, and report the smallest changes that flip them.`,
    ],
  },
  {
    name: "lineage",
    title: "Where from?",
    description: "What a dataset or model was made from.",
    arguments: [{ name: "name", description: "Dataset or model.", required: true, completes: "dataset" }],
    does: [
      `Call ${tool("ml_data_lineage").name} with it as asset; for a dataset also with action columns, and say which source columns each column rests on.`,
      `For a model, ${tool("ml_zoo_card").name} also writes a provenance statement with hashes.`,
    ],
  },
  {
    name: "benchmark",
    title: "Which model is best?",
    description: "Compare model families on a dataset.",
    arguments: [dataset, target],
    does: [
      `Split with ${tool("ml_data_transform").name}; call ${tool("ml_training_train").name} with family auto on the training part.`,
      `Compare the leaders on the test part with ${tool("ml_training_evaluate").name} and compare_to.`,
    ],
  },
];

/** The sixteen commands. */
export const commands: readonly PromptSpec[] = COMMANDS.map((command) => ({
  ...command,
  render: (args) => render(command, args),
}));

function tool(name: Tool["name"]): Tool {
  const found = tools.find((each) => each.name === name);
  if (!found) throw new Error(`A command names ${name}, which is no tool.`);
  return found;
}

function render(
  { title, description, arguments: args, does, missing }: Command,
  given: Readonly<Record<string, string>>,
): string {
  const stated = args.map(({ name }) => `- ${name}: ${quoted(given[name]) ?? "not given"}`);
  return [
    `${title}. ${description}`,
    ...(stated.length > 0 ? [`Given:\n${stated.join("\n")}`] : []),
    ...(missing ? [`Say first that this server does not do this yet: ${missing}. Then do what it can:`] : []),
    does.map((line, at) => `${at + 1}. ${line}`).join("\n"),
  ].join("\n\n");
}
