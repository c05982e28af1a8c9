import type { Hit } from "../../../kernel/collections.ts";

export interface Context {
  readonly text: string;
  readonly tokens: number;
  readonly dropped: { citation: number; reason: string }[];
}

type Passage = Hit & { readonly passage: string };

/**
 * The results as one text within a budget of tokens, headers and separators counted: each under `[n] document, page, line`,
 * best first. One that says what an earlier one said, or that does not fit, is left out.
 */
export function contextOf(hits: readonly Passage[], budget: number, count: (text: string) => number): Context {
  const dropped: Context["dropped"] = [];
  const parts: string[] = [];
  const said = new Set<string>();
  let tokens = 0;
  for (const [place, hit] of hits.entries()) {
    const citation = place + 1;
    const part = headed(citation, hit);
    const needs = count(part) + (parts.length > 0 ? count(BETWEEN) : 0);
    if (said.has(hit.passage)) dropped.push({ citation, reason: "its text is there already" });
    else if (tokens + needs > budget)
      dropped.push({ citation, reason: `${needs} tokens, ${budget - tokens} were left` });
    else {
      parts.push(part);
      said.add(hit.passage);
      tokens += needs;
    }
  }
  // Tokens of parts need not add up to those of the whole.
  for (let whole = count(parts.join(BETWEEN)); ; whole = count(parts.join(BETWEEN))) {
    if (whole <= budget || parts.length === 0) return { text: parts.join(BETWEEN), tokens: whole, dropped };
    parts.pop();
    dropped.push({ citation: parts.length + 1, reason: "the whole was over the budget" });
  }
}

const BETWEEN = "\n\n";

function headed(citation: number, { document, page, section, line, headings, passage }: Passage): string {
  const where = [page === null ? undefined : `page ${page}`, section ?? undefined, `line ${line}`].filter(
    (one) => one !== undefined,
  );
  return `[${citation}] ${document}, ${where.join(", ")}${headings === "" ? "" : ` (${headings})`}\n${passage}`;
}
