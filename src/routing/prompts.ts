import type { PromptSpec } from "../kernel/prompt.ts";
import { workflows } from "../workflows/index.ts";
import { workflowPrompt } from "../workflows/workflow.ts";
import { commands } from "./commands.ts";

/** Everything offered as a prompt: the workflows, then the commands. */
export const prompts: readonly PromptSpec[] = [...workflows.map(workflowPrompt), ...commands];
