import type { Domain } from "../kernel/domain.ts";
import type { Tool } from "../kernel/tool.ts";
import data from "./data/index.ts";
import features from "./features/index.ts";
import inference from "./inference/index.ts";
import interpretability from "./interpretability/index.ts";
import llm from "./llm/index.ts";
import rag from "./rag/index.ts";
import safety from "./safety/index.ts";
import training from "./training/index.ts";
import transparency from "./transparency/index.ts";
import zoo from "./zoo/index.ts";

/** Every domain, in the order of the work. */
export const domains: readonly Domain[] = [
  data,
  features,
  training,
  zoo,
  llm,
  rag,
  inference,
  safety,
  transparency,
  interpretability,
];

/** Every tool, in the order it is listed. */
export const tools: readonly Tool[] = domains.flatMap((domain) => domain.tools);
