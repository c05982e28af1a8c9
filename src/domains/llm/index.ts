import { defineDomain } from "../../kernel/domain.ts";
import finetune from "./finetune.ts";
import prepare from "./prepare.ts";

export default defineDomain({
  id: "llm",
  title: "Language models",
  description:
    "Ready examples, fine-tune and align language models, quantize them, and prove that they did not get worse.",
  tools: [prepare, finetune],
});
