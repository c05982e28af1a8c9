import type { Hit } from "../../../kernel/collections.ts";
import type { Source } from "./ground.ts";

export interface Context {
  readonly text: string;
  readonly tokens: number;
  /** Citations that are in it. */
  readonly used: ReadonlySet<number>;
  readonly dropped: { citation: number; reason: string }[];
}

type Shown = Hit & { readonly passage: string };
/** A result and what the context holds of it: a part of the document that begins at `from`, in code points. */
export type Passage = Shown & { readonly from: number };

/**
 * The results as one text within a budget of tokens, headers and separators counted: each under `[n] document, page, line`,
 * best first. One that says what an earlier one said, or that does not fit, is left out.
 */
export function contextOf(hits: readonly Shown[], budget: number, count: (text: string) => number): Context {
  const dropped: Context["dropped"] = [];
  const parts: { citation: number; part: string }[] = [];
  const said = new Set<string>();
  let tokens = 0;
  for (const [place, hit] of hits.entries()) {
    const citation = place + 1;
    const head = headOf(citation, hit);
    const part = head + hit.passage;
    // A chunk's own tokens were counted when it was made.
    const own = hit.passage === hit.text ? hit.tokens : count(hit.passage);
    const needs = count(head) + own + (parts.length > 0 ? count(BETWEEN) : 0);
    if (said.has(hit.passage)) dropped.push({ citation, reason: "its text is there already" });
    else if (tokens + needs > budget)
      dropped.push({ citation, reason: `${needs} tokens, ${budget - tokens} were left` });
    else {
      parts.push({ citation, part });
      said.add(hit.passage);
      tokens += needs;
    }
  }
  // Tokens of parts need not add up to those of the whole.
  for (;;) {
    const text = parts.map(({ part }) => part).join(BETWEEN);
    const whole = count(text);
    if (whole <= budget || parts.length === 0)
      return { text, tokens: whole, used: new Set(parts.map(({ citation }) => citation)), dropped };
    dropped.push({ citation: parts.pop()?.citation ?? 0, reason: "the whole was over the budget" });
  }
}

const BETWEEN = "\n\n";

function headOf(citation: number, { document, page, section, line, headings }: Shown): string {
  const where = [page === null ? undefined : `page ${page}`, section ?? undefined, `line ${line}`].filter(
    (one) => one !== undefined,
  );
  return `[${citation}] ${document}, ${where.join(", ")}${headings === "" ? "" : ` (${headings})`}\n`;
}

/** What of the context a claim may be found in. */
export const sourcesOf = (passages: readonly Passage[], { used }: Context): Source[] =>
  passages.flatMap(({ document, title, headings, passage, from }, place) =>
    used.has(place + 1)
      ? [{ citation: place + 1, document, headings: `${title} ${headings}`, text: passage, start: from }]
      : [],
  );
