import type { Hit } from "../../../kernel/collections.ts";

export interface Context {
  readonly text: string;
  readonly tokens: number;
  readonly dropped: { citation: number; reason: string }[];
}

/**
 * The results as one text within a budget of tokens, headers and separators counted: each under `[n] document, page, line`,
 * best first. One that says what an earlier one said, or that does not fit, is left out.
 */
export function contextOf(
  hits: readonly (Hit & { readonly passage: string })[],
  budget: number,
  count: (text: string) => number,
): Context {
  const dropped: Context["dropped"] = [];
  const taken: Hit[] = [];
  let [text, tokens] = ["", 0];
  for (const [place, hit] of hits.entries()) {
    const citation = place + 1;
    const before = taken.find(
      (one) =>
        one.document === hit.document &&
        one.parent_start <= hit.start &&
        hit.end <= one.parent_end &&
        hit.passage === hits[taken.indexOf(one)]?.passage,
    );
    if (before) {
      dropped.push({ citation, reason: "its text is there already" });
      continue;
    }
    const longer = text + (text === "" ? "" : "\n\n") + headed(citation, hit);
    const needs = count(longer);
    if (needs > budget) dropped.push({ citation, reason: `${needs - tokens} tokens, ${budget - tokens} were left` });
    else {
      [text, tokens] = [longer, needs];
      taken.push(hit);
    }
  }
  return { text, tokens, dropped };
}

function headed(
  citation: number,
  { document, page, section, line, headings, passage }: Hit & { readonly passage: string },
): string {
  const where = [page === null ? undefined : `page ${page}`, section ?? undefined, `line ${line}`].filter(
    (one) => one !== undefined,
  );
  return `[${citation}] ${document}, ${where.join(", ")}${headings === "" ? "" : ` (${headings})`}\n${passage}`;
}
