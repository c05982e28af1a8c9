import type { Mark } from "../kernel/documents.ts";

/** A long text is cut block by block, so that what cutting needs stays small and other work gets its turn. */
const BLOCK = 200_000;

export interface Block {
  readonly start: number;
  readonly end: number;
}

/** Splits a text at pages, blank lines, lines or blanks, whichever is the best in reach, and not within a table or code. */
export function blocksOf(text: string, marks: readonly Mark[]): Block[] {
  const blocks: Block[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.length - start <= BLOCK ? text.length : boundary(text, marks, start, start + BLOCK);
    blocks.push({ start, end });
    start = end;
  }
  return blocks;
}

function boundary(text: string, marks: readonly Mark[], start: number, most: number): number {
  const least = start + BLOCK / 2;
  const page = marks.findLast(({ kind, start: at }) => kind === "page" && at > least && at <= most);
  if (page) return page.start;
  for (const [sign, length] of [
    ["\n\n", 2],
    ["\n", 1],
    [" ", 1],
  ] as const) {
    const at = text.lastIndexOf(sign, most - length) + length;
    if (at <= least) continue;
    const block = marks.find(
      ({ kind, start: from, end: to }) => (kind === "table" || kind === "code") && from < at && at < to,
    );
    return block && block.start > least ? block.start : at;
  }
  // Nowhere a blank: anywhere but within a character.
  return /[\udc00-\udfff]/.test(text[most] ?? "") ? most - 1 : most;
}

/** Marks that lie in a block, by offsets of its own. */
export const marksIn = (marks: readonly Mark[], { start, end }: Block): Mark[] =>
  marks.flatMap((mark) =>
    mark.start < end && mark.end > start
      ? [{ ...mark, start: Math.max(mark.start - start, 0), end: Math.min(mark.end, end) - start }]
      : [],
  );
