import validate from "../domains/data/validate.ts";
import audit from "../domains/transparency/audit.ts";
import { assessFairness, measure, verifyRecord, writeCard } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "model_deployment",
  title: "Ready a model for use",
  description:
    "The checks before a model serves: fresh data like the training data, quality, fairness, card, signed record.",
  arguments: [
    { name: "model", description: "Registered model.", required: true, completes: "model" },
    { name: "dataset", description: "Recent labelled data.", required: true, completes: "dataset" },
    { name: "baseline", description: "What it was trained on.", required: false, completes: "dataset" },
  ],
  missing: "serving the model behind an address.",
  steps: [
    {
      tool: validate,
      why: "Has the data drifted from what it was trained on?",
      inputs: { dataset: "{dataset}", action: "compare", baseline: "{baseline}" },
      gate: "drift is absent, or understood.",
    },
    { ...measure, inputs: { model: "{model}", dataset: "{dataset}" } },
    { ...assessFairness, inputs: { model: "{model}", dataset: "{dataset}", sensitive: ["<protected columns>"] } },
    {
      ...writeCard,
      inputs: { model: "{model}" },
      gate: "before a model is served or merged: somebody who answers for it has read the card and approves.",
    },
    verifyRecord,
    { tool: audit, why: "Keep the signed record beside the model.", inputs: { action: "export", format: "bundle" } },
  ],
  evidence: [
    "drift by column",
    "metrics with intervals on recent data",
    "the card's path and its missing sections",
    "the bundle's path",
  ],
});
