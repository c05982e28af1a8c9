import lineage from "../domains/data/lineage.ts";
import validate from "../domains/data/validate.ts";
import { bringIn, check, look, setAside, verifyRecord } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "data_pipeline",
  title: "Make data ready",
  description: "Bring data in, check, profile and clean it, and split it without leakage.",
  arguments: [
    { name: "source", description: "File, folder, URL or `sample:<name>`.", required: true },
    { name: "target", description: "Column to predict, if any.", required: false },
  ],
  steps: [
    bringIn,
    check,
    look,
    setAside,
    {
      tool: validate,
      why: "Write down what holds of the training part, for later batches.",
      inputs: { dataset: "<train part>", action: "infer" },
    },
    {
      tool: validate,
      why: "Do the parts look alike?",
      inputs: { dataset: "<test part>", action: "compare", baseline: "<train part>" },
      gate: "no column drifts between parts of one split.",
    },
    {
      tool: lineage,
      why: "Where does each column of the training part come from?",
      inputs: { asset: "<train part>", action: "columns" },
      gate: "no column rests on something that is not known when the data will be used.",
    },
    verifyRecord,
  ],
  evidence: [
    "rows in, out, removed and added, by step",
    "warnings that remain and why they may",
    "the paths of the profile and of the validation pages",
    "the source of each column",
    "the audit verdict",
  ],
});
