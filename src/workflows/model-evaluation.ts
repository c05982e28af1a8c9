import { assessFairness, check, drivers, measure, verifyRecord, writeCard } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "model_evaluation",
  title: "Evaluate a model",
  description: "Measure a trained model on held-out data: quality, worst slices, fairness, what drives it.",
  arguments: [
    { name: "model", description: "Registered model.", required: true, completes: "model" },
    { name: "dataset", description: "Data it was not trained on.", required: true, completes: "dataset" },
    { name: "compare_to", description: "Another model to beat.", required: false, completes: "model" },
  ],
  steps: [
    { ...check, inputs: { dataset: "{dataset}", action: "check" } },
    {
      ...measure,
      inputs: { model: "{model}", dataset: "{dataset}", compare_to: "{compare_to}" },
      gate: "the CI gate: no metric that the person named is worse than before by more than chance.",
    },
    { ...assessFairness, inputs: { model: "{model}", dataset: "{dataset}", sensitive: ["<protected columns>"] } },
    { ...drivers, inputs: { model: "{model}", dataset: "{dataset}" } },
    { ...writeCard, inputs: { model: "{model}" } },
    verifyRecord,
  ],
  evidence: [
    "metrics with intervals beside the baseline, and the paired test",
    "the worst slices",
    "group metrics",
    "the card's path",
  ],
});
