import { type GetPromptResult, type Prompt, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { PromptSpec } from "../kernel/prompt.ts";

/** What `prompts/list` says of a workflow or command. */
export const listPrompt = ({ name, title, description, arguments: args }: PromptSpec): Prompt => ({
  name,
  title,
  description,
  arguments: args.map(({ name: argument, description: text, required }) => ({
    name: argument,
    description: text,
    required,
  })),
});

/** The filled-in text of a workflow or command, as the user's own message. */
export function getPrompt(prompt: PromptSpec, given: Readonly<Record<string, string>>): GetPromptResult {
  const missing = prompt.arguments.find(({ name, required }) => required && (given[name] ?? "").trim() === "");
  if (missing)
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `${prompt.name} needs \`${missing.name}\`: ${missing.description}`,
    );
  return {
    description: prompt.description,
    messages: [{ role: "user", content: { type: "text", text: prompt.render({ ...given }) } }],
  };
}
