import { bringIn, check, look, verifyRecord } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "rag_pipeline",
  title: "Ready questions and sources for retrieval",
  description: "Check and profile tables of passages or question-answer pairs that a retrieval system will use.",
  arguments: [{ name: "source", description: "Table of passages or of questions with answers.", required: true }],
  missing:
    "indexing documents, retrieving and answering. The steps below ready tables for it; before an index replaces an old one, compare both on the same questions.",
  steps: [
    bringIn,
    { ...check, gate: "duplicates and empty passages are gone or wanted." },
    { ...look, inputs: { dataset: "<dataset>" } },
    verifyRecord,
  ],
  evidence: ["how many passages, their lengths, duplicates and empty ones", "what is still to be done elsewhere"],
});
