import { setImmediate as turn } from "node:timers/promises";
import type { Chunking, Mark } from "../kernel/documents.ts";
import { blocksOf, marksIn } from "./blocks.ts";
import { CUT, type Cut, type Unit, unitsOf } from "./units.ts";

/** Part of a document: `text.slice(start, end)`, never more than the size in tokens. Offsets are UTF-16. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
  /** Headings it stands under, outermost first. */
  readonly headings: readonly string[];
  /** The larger part that a question that finds it is answered from; its own span where there is none. */
  readonly parent: { readonly start: number; readonly end: number };
}

/** How different neighbouring sentences are: where the meaning turns, `semantic` cuts. Answers UTF-16 offsets. */
export type Turns = (text: string) => Promise<ReadonlySet<number>>;

const PARENT_SIZE = 4;
/** A better place to cut is not taken where less than this share of the size would be left of the chunk. */
const LEAST_FILL: Readonly<Record<Cut, number>> = {
  [CUT.word]: 1,
  [CUT.line]: 0.75,
  [CUT.sentence]: 0.6,
  [CUT.paragraph]: 0.4,
  [CUT.section]: 0.15,
  [CUT.page]: 0,
};

const LEAST_CUT: Readonly<Partial<Record<Chunking["strategy"], number>>> = {
  sentence: CUT.sentence,
  fixed: CUT.section + 1,
};

/**
 * Cuts a text into chunks that lose nothing but blanks between them. The limit holds for `count` of each chunk's text, also
 * where tokens of parts do not add up to those of the whole.
 */
export async function chunksOf(
  text: string,
  marks: readonly Mark[],
  chunking: Chunking,
  count: (text: string) => number,
  turns?: Turns,
): Promise<Chunk[]> {
  const headingsAt = headingsBefore(marks.filter(({ kind }) => kind === "heading"));
  const known = remembered(count);
  const chunks: Chunk[] = [];
  for (const block of blocksOf(text, marks)) {
    const part = text.slice(block.start, block.end);
    const turned = chunking.strategy === "semantic" && turns ? await turns(part) : undefined;
    const units = unitsOf(part, marksIn(marks, block), {
      count: known,
      most: chunking.size_tokens,
      code: chunking.strategy === "code",
    });
    if (turned) raise(units, turned);
    for (const { own, parent } of cutBlock(part, units, chunking, count)) {
      const start = block.start + own.start;
      chunks.push({
        start,
        end: block.start + own.end,
        tokens: own.tokens,
        headings: headingsAt(start),
        parent: { start: block.start + parent.start, end: block.start + parent.end },
      });
    }
    await turn();
  }
  return chunks;
}

function cutBlock(
  text: string,
  units: readonly Unit[],
  { strategy, size_tokens, overlap_tokens }: Chunking,
  count: (text: string) => number,
): { own: Span; parent: Span }[] {
  const spans = (from: number, to: number, size: number, overlap: number) =>
    cutInto(text, units, from, to, { strategy, size, overlap, count });
  if (strategy !== "parent_child")
    return spans(0, units.length, size_tokens, overlap_tokens).map((own) => ({ own, parent: own }));
  return spans(0, units.length, size_tokens * PARENT_SIZE, 0).flatMap((parent) =>
    spans(parent.from, parent.to, size_tokens, overlap_tokens).map((own) => ({ own, parent })),
  );
}

interface Span {
  /** Places among the units, the second exclusive. */
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
}

interface How {
  readonly strategy: Chunking["strategy"];
  readonly size: number;
  readonly overlap: number;
  readonly count: (text: string) => number;
}

function cutInto(text: string, units: readonly Unit[], first: number, last: number, how: How): Span[] {
  const spans: Span[] = [];
  let done = first;
  for (let from = first; done < last; ) {
    let to = endOf(units, from, { done, last }, how);
    let span = spanOf(text, units, from, to, how.count);
    while (span.tokens > how.size && to > from + 1) {
      to = Math.max(from + 1, Math.min(to - 1, from + Math.floor(((to - from) * how.size) / span.tokens)));
      span = spanOf(text, units, from, to, how.count);
    }
    if (to <= done) {
      // What is repeated leaves no room for anything new.
      from = done;
      continue;
    }
    spans.push(span);
    from = endsHard(units[to - 1], how) ? to : overlapFrom(units, from, to, how.overlap);
    done = to;
  }
  return spans;
}

/** Whether a chunk ends here always, and the next one repeats nothing. */
const endsHard = (unit: Unit | undefined, { strategy }: How) =>
  unit?.cut === CUT.page || (strategy === "markdown" && unit?.cut === CUT.section);

/** Where the chunk that begins at `from` ends: as far as the size allows, then back to the best place in reach. */
function endOf(units: readonly Unit[], from: number, { done, last }: { done: number; last: number }, how: How): number {
  const { strategy, size } = how;
  let [to, tokens] = [from, 0];
  let best: { to: number; cut: Cut } | undefined;
  const least = LEAST_CUT[strategy] ?? CUT.line;
  while (to < last) {
    const unit = units[to];
    if (unit === undefined || (to > from && tokens + unit.tokens > size)) break;
    tokens += unit.tokens;
    to += 1;
    if (to <= done) continue;
    if (endsHard(unit, how)) return to;
    if (strategy === "semantic" && unit.cut >= CUT.paragraph && tokens >= size / 4) return to;
    const fill = strategy === "sentence" ? 0 : LEAST_FILL[unit.cut];
    if (
      unit.cut >= least &&
      tokens >= fill * size &&
      (best === undefined || unit.cut >= best.cut || strategy === "sentence")
    )
      best = { to, cut: unit.cut };
  }
  if (to >= last && best?.cut !== CUT.section) return to;
  return best?.to ?? to;
}

/** The next chunk begins at most so many tokens before the end of this one, always further on than this one did. */
function overlapFrom(units: readonly Unit[], from: number, to: number, overlap: number): number {
  let [next, tokens] = [to, 0];
  while (next - 1 > from && tokens + (units[next - 1]?.tokens ?? 0) <= overlap) {
    next -= 1;
    tokens += units[next]?.tokens ?? 0;
  }
  return next;
}

function spanOf(text: string, units: readonly Unit[], from: number, to: number, count: (text: string) => number): Span {
  const start = units[from]?.start ?? 0;
  const end = units[to - 1]?.end ?? start;
  return { from, to, start, end, tokens: count(text.slice(start, end)) };
}

/** The headings above an offset, outermost first; offsets are asked for in ascending order. */
function headingsBefore(headings: readonly Mark[]): (start: number) => string[] {
  const path: Mark[] = [];
  let next = 0;
  return (start) => {
    for (let heading = headings[next]; heading && heading.start <= start; heading = headings[next]) {
      while ((path.at(-1)?.level ?? 0) >= heading.level) path.pop();
      path.push(heading);
      next += 1;
    }
    return path.map(({ label }) => label);
  };
}

function raise(units: readonly Unit[], turns: ReadonlySet<number>): void {
  for (const [place, unit] of units.entries()) {
    const next = units[place + 1];
    if (next !== undefined && turns.has(next.start)) unit.cut = unit.cut === CUT.section ? CUT.section : CUT.paragraph;
    else if (unit.cut === CUT.paragraph) unit.cut = CUT.sentence;
  }
}

const REMEMBERED = 50_000;

/** Words come again and again: the count of each is taken once. */
function remembered(count: (text: string) => number): (text: string) => number {
  const known = new Map<string, number>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const tokens = count(text);
    if (known.size < REMEMBERED) known.set(text, tokens);
    return tokens;
  };
}
