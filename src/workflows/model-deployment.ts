import validate from "../domains/data/validate.ts";
import compare from "../domains/inference/compare.ts";
import optimize from "../domains/inference/optimize.ts";
import profile from "../domains/inference/profile.ts";
import serve from "../domains/inference/serve.ts";
import audit from "../domains/transparency/audit.ts";
import { assessFairness, measure, verifyRecord, writeCard } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "model_deployment",
  title: "Put a model to use",
  description:
    "A language model tuned to this machine, served, measured and compared; a tabular model checked on recent data; then the signed record.",
  arguments: [
    { name: "model", description: "Registered model, GGUF file or folder.", required: true, completes: "model" },
    { name: "baseline", description: "The one in use now.", required: false, completes: "model" },
    {
      name: "dataset",
      description: "Recent labelled data, for a tabular model.",
      required: false,
      completes: "dataset",
    },
  ],
  steps: [
    {
      tool: serve,
      why: "Steps 1 to 5 are for a language model; a tabular one begins at step 6. What is it, and does it fit?",
      inputs: { action: "inspect", model: "{model}" },
      gate: "it fits, with the context that is needed, and its licence allows the use.",
    },
    {
      tool: optimize,
      why: "How is it served best here? Ask the person whether speed, the first token or memory matters, for prompts of theirs, and what share of quality must stay.",
      inputs: {
        model: "{model}",
        objective: "<tokens_per_second>",
        quality_floor: 0.9,
        more: { prompts: ["<prompt>"] },
      },
      gate: "the quality kept is what the person wants, and the gain is more than chance; otherwise serve it as before.",
    },
    {
      tool: serve,
      why: "Start it so.",
      inputs: { action: "start", model: "{model}", more: { settings: "<settings>" } },
      gate: "before a model is served: the person who answers for it approves.",
    },
    {
      tool: profile,
      why: "Does it hold the load that is expected?",
      inputs: {
        model: "{model}",
        more: { sweep: [1, 2, 4], rates: ["<requests a second>"], objective: { ttft_ms: "<ms>", tpot_ms: "<ms>" } },
      },
      gate: "goodput at the expected rate is that rate; otherwise name the load it does hold.",
    },
    {
      tool: compare,
      why: "Is it as good as the one in use now? On prompts of the person's with right answers.",
      inputs: {
        targets: [{ model: "{baseline}" }, { model: "{model}" }],
        prompts: ["<prompt>"],
        more: { references: ["<right answer>"], start: true },
      },
      gate: "no loss of quality is shown, or the person takes it for what is gained.",
    },
    {
      tool: validate,
      why: "Steps 6 to 9 are for a tabular model. Has the data drifted from what it was trained on?",
      inputs: { dataset: "{dataset}", action: "compare", baseline: "<what it was trained on>" },
      gate: "drift is absent, or understood.",
    },
    { ...measure, inputs: { model: "{model}", dataset: "{dataset}", compare_to: "{baseline}" } },
    { ...assessFairness, inputs: { model: "{model}", dataset: "{dataset}", sensitive: ["<protected columns>"] } },
    {
      ...writeCard,
      inputs: { model: "{model}" },
      gate: "before a model is used: somebody who answers for it has read the card and approves.",
    },
    verifyRecord,
    { tool: audit, why: "Keep the signed record beside the model.", inputs: { action: "export", format: "bundle" } },
  ],
  evidence: [
    "what the model is and needs, and the address it is served at",
    "the settings, with what they gain and keep against before, intervals included",
    "latencies and goodput by load",
    "the comparison and the pick with its reason; of a tabular model metrics, fairness and the card's path",
    "the bundle's path",
  ],
});
