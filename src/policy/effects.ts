import { type Effect, strongest } from "../kernel/effect.ts";
import { ToolError } from "../kernel/errors.ts";
import type { Tool } from "../kernel/tool.ts";

/** What this call would do: the effect of its action where a tool has several, more where it may write over things. */
export function effectOf(tool: Tool, params: Readonly<Record<string, unknown>>): Effect {
  if (params["overwrite"] === true) return "overwrites";
  if (typeof tool.effect === "string") return tool.effect;
  const action = params["action"];
  return (typeof action === "string" ? tool.effect[action] : undefined) ?? strongest(Object.values(tool.effect));
}

/** Every effect a tool can have. */
export const effectsOf = (tool: Tool): readonly Effect[] => [
  ...(typeof tool.effect === "string" ? [tool.effect] : Object.values(tool.effect)),
  ...(tool.input.shape["overwrite"] ? (["overwrites"] as const) : []),
];

/** Refuses what this server was started not to do, and what cannot be undone unless it is confirmed. */
export function guardEffect(tool: Tool, params: Readonly<Record<string, unknown>>, readOnly: boolean): void {
  const effect = effectOf(tool, params);
  if (readOnly && effect !== "reads") {
    throw new ToolError(
      "refused",
      "This server only reads.",
      "The person who runs it can start it without --read-only.",
    );
  }
  if (effect === "overwrites" && params["confirm"] !== true) {
    throw new ToolError(
      "refused",
      `This ${typeof params["action"] === "string" ? `action (\`${params["action"]}\`)` : "call"} cannot be undone.`,
      "Ask the person, then call again with `confirm: true`.",
    );
  }
}
