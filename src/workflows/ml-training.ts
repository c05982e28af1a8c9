import sweep from "../domains/training/sweep.ts";
import train from "../domains/training/train.ts";
import explain from "../domains/transparency/explain.ts";
import { assessFairness, bringIn, check, drivers, look, measure, setAside, verifyRecord, writeCard } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "ml_training",
  title: "Train a model that can be trusted",
  description: "From a file to a trained, tuned, evaluated, explained and documented model.",
  arguments: [
    { name: "source", description: "File, folder, URL or `sample:<name>`.", required: true },
    { name: "target", description: "Column to predict.", required: true },
    { name: "task", description: "classification or regression.", required: false },
  ],
  steps: [
    bringIn,
    check,
    look,
    setAside,
    {
      tool: train,
      why: "Train a first model beside a dummy baseline.",
      inputs: { dataset: "<train part>", target: "{target}", task: "{task}" },
      gate: "before training starts: the person agrees to the target, to the columns left out, and that no leakage suspect stays in.",
    },
    {
      tool: sweep,
      why: "Look for better settings. If it is killed on the way, ml_training_checkpoint resumes it.",
      inputs: { dataset: "<train part>", target: "{target}", family: "<the family that did best>" },
    },
    { ...measure, gate: "it beats the baseline by more than the width of its interval; otherwise say so and stop." },
    assessFairness,
    drivers,
    {
      tool: explain,
      why: "Explain one decision that matters to the person.",
      inputs: { model: "<model>", dataset: "<test part>", row: 0 },
    },
    writeCard,
    verifyRecord,
  ],
  evidence: [
    "the test metrics with intervals, beside the baseline",
    "the worst slices and groups",
    "the card's path",
    "the audit verdict with its Merkle root",
  ],
});
