import dataPipeline from "./data-pipeline.ts";
import llmFinetuning from "./llm-finetuning.ts";
import mlTraining from "./ml-training.ts";
import modelDeployment from "./model-deployment.ts";
import modelEvaluation from "./model-evaluation.ts";
import ragPipeline from "./rag-pipeline.ts";
import researchReview from "./research-review.ts";
import safetyAudit from "./safety-audit.ts";
import type { Workflow } from "./workflow.ts";

/** The eight workflows, in the order they are listed. */
export const workflows: readonly Workflow[] = [
  mlTraining,
  ragPipeline,
  modelEvaluation,
  dataPipeline,
  llmFinetuning,
  modelDeployment,
  safetyAudit,
  researchReview,
];
