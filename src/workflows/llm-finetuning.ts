import { bringIn, check, look, verifyRecord } from "./steps.ts";
import { defineWorkflow } from "./workflow.ts";

export default defineWorkflow({
  name: "llm_finetuning",
  title: "Ready data to fine-tune a language model",
  description: "Check and profile a table of examples before a language model learns from it.",
  arguments: [{ name: "source", description: "JSON Lines or CSV of examples.", required: true }],
  missing: "the fine-tuning itself, merging and serving of language models. The steps below ready the data for it.",
  steps: [
    bringIn,
    {
      ...check,
      gate: "before training starts: no duplicates, empty answers or personal data are left that the person does not want learnt.",
    },
    { ...look, inputs: { dataset: "<dataset>" } },
    verifyRecord,
  ],
  evidence: [
    "how many examples, how long, how many duplicates",
    "personal data suspected, by column",
    "what is still to be done elsewhere",
  ],
});
