import { defineDomain } from "../../kernel/domain.ts";
import align from "./align.ts";
import evaluate from "./evaluate.ts";
import finetune from "./finetune.ts";
import prepare from "./prepare.ts";
import quantize from "./quantize.ts";

export default defineDomain({
  id: "llm",
  title: "Language models",
  description:
    "Ready examples, fine-tune and align language models, quantize them, and prove that they did not get worse.",
  tools: [prepare, finetune, quantize, evaluate, align],
});
