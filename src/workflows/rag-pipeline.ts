import diagnose from "../domains/rag/diagnose.ts";
import evaluate from "../domains/rag/evaluate.ts";
import ingest from "../domains/rag/ingest.ts";
import query from "../domains/rag/query.ts";
import { verifyRecord } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "rag_pipeline",
  title: "Answer from documents",
  description: "Index documents, measure how well they are found, mend what is not, and answer with citations.",
  arguments: [
    { name: "source", description: "Folder or file of documents.", required: true },
    { name: "collection", description: "Name to keep them under.", required: false, completes: "collection" },
  ],
  steps: [
    {
      tool: ingest,
      why: "Parse, cut and embed the documents; where the collection is there, only what changed.",
      inputs: { collection: "{collection}", source: "{source}" },
      gate: "every failed document and every warning (scans, instructions hidden in a text) is told to the person.",
    },
    {
      tool: diagnose,
      why: "Is the collection sound?",
      inputs: { collection: "{collection}" },
      gate: "nothing is NOT OK without a reason.",
    },
    {
      tool: evaluate,
      why: "How well is the right document found? Ask the person for twenty questions with the document that answers each, or write them from the documents and have them looked at.",
      inputs: {
        collection: "{collection}",
        queries: [{ id: "<1>", text: "<question>", relevant: { "<document>": 1 } }],
        against: "vector",
      },
      gate: "before this collection replaces another: its nDCG is not lower on the same questions, beyond chance.",
    },
    {
      tool: diagnose,
      why: "Why does the worst question fail?",
      inputs: { collection: "{collection}", query: "<question>", document: "<document>" },
    },
    {
      tool: query,
      why: "Answer a question from the context alone, with its [n].",
      inputs: { collection: "{collection}", query: "<question>" },
    },
    {
      tool: query,
      why: "Hold the answer against the documents.",
      inputs: { collection: "{collection}", query: "<question>", answer_text: "<answer>", view: true },
      gate: "no claim is contradicted; what is not found is left out or said to be unknown.",
    },
    verifyRecord,
  ],
  evidence: [
    "documents in, failed and why; passages; the embedding model",
    "nDCG, MRR and recall with their intervals, and the worst questions with what lost them",
    "an answer with citations to file, page and line, and the share of its claims that is supported",
    "the path of the page that shows a search",
    "the audit verdict",
  ],
});
