import audit from "../domains/transparency/audit.ts";
import explain from "../domains/transparency/explain.ts";
import { assessFairness, drivers, measure, verifyRecord, writeCard } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "safety_audit",
  title: "Audit a model for safety",
  description: "Fairness by group, what drives decisions, single decisions explained, and the record proved whole.",
  arguments: [
    { name: "model", description: "Registered model.", required: true, completes: "model" },
    { name: "dataset", description: "Data with the protected columns.", required: true, completes: "dataset" },
    { name: "sensitive", description: "Protected columns, separated by commas.", required: true },
  ],
  missing: "red teaming, adversarial and privacy attacks.",
  steps: [
    { ...measure, inputs: { model: "{model}", dataset: "{dataset}" } },
    {
      ...assessFairness,
      inputs: { model: "{model}", dataset: "{dataset}", sensitive: ["{sensitive}"] },
      gate: "before anything is probed or attacked: the person who answers for the model approves.",
    },
    {
      ...assessFairness,
      why: "What would evening it out cost?",
      inputs: { action: "mitigate", model: "{model}", dataset: "{dataset}", sensitive: ["{sensitive}"] },
    },
    { ...drivers, inputs: { model: "{model}", dataset: "{dataset}" } },
    {
      tool: explain,
      why: "Explain a refusal to somebody of the worst-treated group.",
      inputs: { model: "{model}", dataset: "{dataset}", row: "<one such row>" },
    },
    { ...writeCard, inputs: { model: "{model}" } },
    verifyRecord,
    { tool: audit, why: "Export the record, signed.", inputs: { action: "export", format: "bundle" } },
  ],
  evidence: [
    "the four-fifths verdict with its numbers",
    "what mitigation gives up",
    "proxies among the drivers",
    "the audit verdict and the bundle's path",
  ],
});
