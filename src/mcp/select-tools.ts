import type { Config } from "../config.ts";
import type { Domain } from "../kernel/domain.ts";
import { ToolError } from "../kernel/errors.ts";
import type { Tool } from "../kernel/tool.ts";
import { effectsOf } from "../policy/effects.ts";
import { nearest } from "../routing/nearest.ts";

/** The tools this server was started to serve, in their listed order. */
export function selectTools(
  domains: readonly Domain[],
  { domains: chosenDomains, tools: chosenTools, read_only }: Pick<Config, "domains" | "tools" | "read_only">,
): readonly Tool[] {
  const all = domains.flatMap(({ tools }) => tools);
  requireKnown(
    "--domains",
    chosenDomains,
    domains.map(({ id }) => id),
  );
  requireKnown(
    "--tools",
    chosenTools,
    all.map(({ name }) => name),
  );
  return domains
    .filter(({ id }) => chosenDomains.length === 0 || chosenDomains.includes(id))
    .flatMap(({ tools }) => tools)
    .filter(({ name }) => chosenTools.length === 0 || chosenTools.includes(name))
    .filter((tool) => !read_only || effectsOf(tool).includes("reads"));
}

function requireKnown(flag: string, chosen: readonly string[], known: readonly string[]): void {
  for (const name of chosen) {
    if (known.includes(name)) continue;
    const guess = nearest(name, known);
    throw new ToolError(
      "invalid_input",
      `${flag}: there is no \`${name}\`${guess ? `; did you mean \`${guess}\`?` : "."}`,
      `There are: ${known.join(", ")}.`,
    );
  }
}
