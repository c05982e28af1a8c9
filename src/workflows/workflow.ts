import type { PromptArgument, PromptSpec } from "../kernel/prompt.ts";
import type { Tool } from "../kernel/tool.ts";

/** One call of a workflow: what to send, and what must hold before the next. */
export interface Step {
  readonly tool: Tool;
  readonly why: string;
  /** Arguments; `{name}` stands for an argument of the workflow, `<…>` for what an earlier step answered. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly gate?: string;
}

/** A job of several calls in order, as a prompt. */
export interface Workflow {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  readonly steps: readonly Step[];
  /** What to show at the end. */
  readonly evidence: readonly string[];
  /** The part of the job that ML Engine does not do yet, said before the work begins. */
  readonly missing?: string;
}

export const defineWorkflow = (workflow: Workflow): Workflow => workflow;

/** A workflow as the prompt it is offered as. */
export function workflowPrompt(workflow: Workflow): PromptSpec {
  return { ...workflow, render: (args) => render(workflow, args) };
}

const LONGEST = 500;

function render(
  { title, description, steps, evidence, missing, arguments: args }: Workflow,
  given: Readonly<Record<string, string>>,
): string {
  const values = Object.fromEntries(args.map(({ name }) => [name, quoted(given[name])]));
  const lines = steps.map(({ tool, why, inputs, gate }, at) => {
    const filled = fill(JSON.stringify(inputs), values);
    return [`${at + 1}. ${why}`, `   Call ${tool.name} with ${filled}`, ...(gate ? [`   Gate: ${gate}`] : [])].join(
      "\n",
    );
  });
  const stated = args.map(({ name }) => `- ${name}: ${values[name] ?? "not given; ask if a step needs it"}`);
  return [
    `${title}. ${description}`,
    ...(missing ? [`Say first what this server does not do yet: ${missing}`] : []),
    `Given:\n${stated.join("\n")}`,
    `Do these steps in order. Replace <…> by what earlier steps answered. A call that answers with a job_id is not done: call the same tool with it until it is. At a gate, stop unless it holds.`,
    ...lines,
    `Show at the end:\n${evidence.map((item) => `- ${item}`).join("\n")}`,
  ].join("\n\n");
}

/** An argument as data: one line, cut, in quotes. What a person typed must not read as a step. */
export function quoted(value: string | undefined): string | undefined {
  const plain = (value ?? "").replace(/\p{C}+/gu, " ").trim();
  return plain === "" ? undefined : JSON.stringify(plain.slice(0, LONGEST));
}

/** Replaces `"{name}"` by the quoted value; what was not given stays visible as `<name>`. */
function fill(json: string, values: Readonly<Record<string, string | undefined>>): string {
  return json.replace(/"\{(\w+)\}"/g, (_, name: string) => values[name] ?? `"<${name}>"`);
}
