import type { CompleteRequest, CompleteResult } from "@modelcontextprotocol/server";
import type { PromptSpec } from "../kernel/prompt.ts";
import type { Parts } from "./parts.ts";

const MOST = 100;

/** Names a person may mean while typing an argument of a prompt or of a resource template. */
export async function complete(
  params: CompleteRequest["params"],
  parts: Parts,
  prompts: readonly PromptSpec[],
): Promise<CompleteResult> {
  const { ref, argument } = params;
  const names = await (ref.type === "ref/prompt"
    ? ofPrompt(ref.name, argument.name, parts, prompts)
    : ofTemplate(ref.uri, parts));
  const folded = argument.value.toLowerCase();
  const matching = names.filter((name) => name.toLowerCase().startsWith(folded));
  return { completion: { values: matching.slice(0, MOST), total: matching.length, hasMore: matching.length > MOST } };
}

async function ofPrompt(
  prompt: string,
  argument: string,
  parts: Parts,
  prompts: readonly PromptSpec[],
): Promise<readonly string[]> {
  const spec = prompts.find(({ name }) => name === prompt)?.arguments.find(({ name }) => name === argument);
  switch (spec?.completes) {
    case "dataset":
    case "model":
      return parts.store().catalog.names(spec.completes);
    case "run":
      return parts.store().runs.ids();
    case "collection":
      return await parts.collections.names();
    case undefined:
      return [];
  }
}

function ofTemplate(uri: string, parts: Parts): readonly string[] {
  if (uri === "ml://runs/{id}") return parts.store().runs.ids();
  if (uri === "ml://jobs/{id}")
    return parts
      .store()
      .jobs.list(MOST)
      .map(({ id }) => id);
  if (uri === "ml://route/{request}") return parts.tools.flatMap(({ examples }) => examples);
  return [];
}
