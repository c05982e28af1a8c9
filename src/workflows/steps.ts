import ingest from "../domains/data/ingest.ts";
import profile from "../domains/data/profile.ts";
import transform from "../domains/data/transform.ts";
import validate from "../domains/data/validate.ts";
import importance from "../domains/interpretability/importance.ts";
import fairness from "../domains/safety/fairness.ts";
import evaluate from "../domains/training/evaluate.ts";
import audit from "../domains/transparency/audit.ts";
import card from "../domains/zoo/card.ts";
import type { Step } from "./workflow.ts";

// Steps that more than one workflow takes.

export const bringIn: Step = {
  tool: ingest,
  why: "Bring the file in; unreadable rows are kept aside, named.",
  inputs: { source: "{source}", name: "<a short name>" },
};

export const check: Step = {
  tool: validate,
  why: "Is the data sound?",
  inputs: { dataset: "<dataset>", action: "check" },
  gate: "no error is left unexplained to the person.",
};

export const look: Step = {
  tool: profile,
  why: "What is in it, and does anything leak the target?",
  inputs: { dataset: "<dataset>", target: "{target}" },
};

export const setAside: Step = {
  tool: transform,
  why: "Keep a test part aside before anything is learnt.",
  inputs: {
    dataset: "<dataset>",
    steps: [
      { op: "deduplicate" },
      { op: "split", method: "stratified", by: "{target}", shares: { train: 0.75, test: 0.25 } },
    ],
  },
  gate: "before data leaves cleaning: rows in = rows out + removed, each removal is understood, and no group or duplicate is on both sides.",
};

export const measure: Step = {
  tool: evaluate,
  why: "Measure on rows the model never saw, with intervals, beside the dummy baseline.",
  inputs: { model: "<model>", dataset: "<test part>" },
};

export const assessFairness: Step = {
  tool: fairness,
  why: "Whom does it treat worse?",
  inputs: { model: "<model>", dataset: "<test part>", sensitive: ["<protected columns>"] },
};

export const drivers: Step = {
  tool: importance,
  why: "What does the model lean on? Does it make sense?",
  inputs: { model: "<model>", dataset: "<test part>" },
};

export const writeCard: Step = {
  tool: card,
  why: "Write the model card from the record.",
  inputs: { model: "<model>" },
};

export const verifyRecord: Step = {
  tool: audit,
  why: "Verify that the record of all this is whole.",
  inputs: { action: "verify" },
};
