import experiment from "../domains/training/experiment.ts";
import audit from "../domains/transparency/audit.ts";
import { verifyRecord } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "research_review",
  title: "Review one's own experiments",
  description: "Compare recorded runs on shared folds, with what a rerun needs and what was decided why.",
  arguments: [{ name: "experiment", description: "Experiment to review.", required: false }],
  missing: "searching and screening the literature.",
  steps: [
    {
      tool: experiment,
      why: "Which runs are there?",
      inputs: { action: "search", experiment: "{experiment}", order_by: "start_time DESC" },
    },
    {
      tool: experiment,
      why: "Compare the best with its rivals over shared folds.",
      inputs: { action: "compare", runs: ["<run ids>"] },
      gate: "a difference counts only where the corrected test says so.",
    },
    { tool: experiment, why: "What would a rerun need?", inputs: { action: "info", runs: ["<the best run>"] } },
    {
      tool: audit,
      why: "What was decided, and what else could have been?",
      inputs: { action: "query", kind: "decision", more: { detail: "full" } },
    },
    verifyRecord,
  ],
  evidence: [
    "a table of runs with metrics and what differed",
    "each test with its p-value",
    "decisions with their alternatives",
    "data versions and environment",
  ],
});
