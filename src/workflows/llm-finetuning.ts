import ingest from "../domains/data/ingest.ts";
import serve from "../domains/inference/serve.ts";
import finetune from "../domains/llm/finetune.ts";
import prepare from "../domains/llm/prepare.ts";
import { verifyRecord, writeCard } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "llm_finetuning",
  title: "Fine-tune a language model",
  description: "From a file of examples to a tuned model that is served, measured on what it has not seen.",
  arguments: [
    { name: "source", description: "JSON Lines or CSV of examples.", required: true },
    { name: "base_model", description: "Registered model, folder or GGUF file.", required: true, completes: "model" },
    { name: "method", description: "lora, qlora, dora, rslora or full.", required: false },
  ],
  steps: [
    {
      tool: ingest,
      why: "Bring the file in; unreadable rows are kept aside, named.",
      inputs: { source: "{source}", name: "<a short name>" },
    },
    {
      tool: prepare,
      why: "What format, what is wrong, what is double, what is personal, how long?",
      inputs: { dataset: "<dataset>", model: "{base_model}", preview: true },
      gate: "every drop is understood, and the person decides what becomes of personal data.",
    },
    {
      tool: prepare,
      why: "Write the training and the held-out part, with the person's decisions; name the evaluation sets to keep out.",
      inputs: { dataset: "<dataset>", model: "{base_model}", name: "<a short name>", against: ["<evaluation sets>"] },
      gate: "before data leaves cleaning: examples in = out + dropped, and nothing of an evaluation set is left.",
    },
    {
      tool: finetune,
      why: "What would it take, and what exactly would it learn?",
      inputs: {
        base_model: "{base_model}",
        dataset: "<train part>",
        eval_dataset: "<eval part>",
        method: "{method}",
        dry_run: true,
      },
      gate: "before training starts: it fits, the time is agreed, and the learnt tokens of the example are the answers and nothing else.",
    },
    {
      tool: finetune,
      why: "Train; adapter and merged model are registered. If it is killed on the way, ml_training_checkpoint resumes it.",
      inputs: {
        base_model: "{base_model}",
        dataset: "<train part>",
        eval_dataset: "<eval part>",
        method: "{method}",
        model_name: "<a short name>",
      },
      gate: "the held-out loss fell and did not rise again at the end; otherwise say so and stop.",
    },
    { ...writeCard, inputs: { model: "<model>" } },
    {
      tool: serve,
      why: "Serve it and ask it what was in none of the examples.",
      inputs: { action: "start", model: "<model>" },
      gate: "before a model is served or merged: somebody who answers for it has read the card and approves.",
    },
    verifyRecord,
  ],
  evidence: [
    "examples in, out and dropped by reason; personal data by kind",
    "the loss curve, and held-out loss before and after",
    "weights learnt, method, and the names of adapter and model",
    "an answer of the served model",
    "the audit verdict with its Merkle root",
  ],
});
