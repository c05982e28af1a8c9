import { areOpposite, clauseEnds, isBound, isCondition, isMeasure, type Token } from "./tokens.ts";

export interface Alignment {
  /** What of a claim's tokens stands in the evidence, 0..1. */
  readonly covered: number;
  readonly missing: readonly Token[];
  /** Why the evidence does not say the claim though its words are there; `differs` where it says otherwise. */
  readonly problem: "differs" | "unclear" | undefined;
}

/**
 * Holds a claim against evidence. Conservative: where words are there but who, what and how many may belong together
 * otherwise, it is unclear. `around` are words that the evidence stands under, such as its heading; `text` is the evidence's.
 */
export function align(
  claim: readonly Token[],
  evidence: readonly Token[],
  text: string,
  around: ReadonlySet<string> = new Set(),
): Alignment {
  const here = new Set(evidence.map(({ stem }) => stem));
  const missing = claim.filter(
    (token) => !here.has(token.stem) && (token.kind === "number" || !around.has(token.stem)),
  );
  const covered = claim.length === 0 ? 0 : 1 - missing.length / claim.length;
  return { covered, missing, problem: problemOf(claim, evidence, missing, clauseEnds(text)) };
}

function problemOf(
  claim: readonly Token[],
  evidence: readonly Token[],
  missing: readonly Token[],
  ends: readonly number[],
): Alignment["problem"] {
  const stems = new Set(claim.map(({ stem }) => stem));
  const others = evidence.filter(({ stem }) => !stems.has(stem));
  if (missing.some((token) => others.some((other) => saysOtherwise(token, other)))) return "differs";
  if (missing.some(({ kind }) => kind !== "word")) return "unclear";
  const pairs = longestCommon(claim, evidence);
  if (pairs.some(([said, found]) => said.negated !== found.negated)) return "differs";
  if (missing.some(({ negated }) => negated)) return "unclear";
  if (pairs.some(([said, found]) => countsAnother(said, found))) return "differs";
  const present = claim.filter((token) => !missing.includes(token) && evidence.some(({ stem }) => stem === token.stem));
  const [first, last] = [pairs[0]?.[1].start ?? 0, pairs.at(-1)?.[1].end ?? 0];
  const inOrder = pairs.length === present.length;
  if (!inOrder && !isTurned(present, evidence)) return "unclear";
  if (others.some(isCondition)) return "unclear";
  if (pairs.some(([said, found]) => said.kind === "number" && follows(evidence, found, others))) return "unclear";
  const inOneClause = !ends.some((end) => end > first && end < last);
  const rivals = inOneClause && inOrder ? [] : others.filter(({ kind }) => kind !== "word");
  if (rivals.some(({ start }) => !inOrder || (start > first && start < last))) return "unclear";
  return others.some(({ negated, start }) => negated && start >= first && start < last) ? "unclear" : undefined;
}

/** Whether a bound stands before a number that the claim gives without it: up to 20, more than 20. */
function follows(evidence: readonly Token[], number: Token, others: readonly Token[]): boolean {
  const before = evidence[evidence.indexOf(number) - 1];
  return before !== undefined && isBound(before) && others.includes(before);
}

/** Whether the claim only puts its end first: "Within 14 days, goods are sent" for "Goods are sent within 14 days". */
const isTurned = (claim: readonly Token[], evidence: readonly Token[]) =>
  claim.some((_, at) => longestCommon([...claim.slice(at), ...claim.slice(0, at)], evidence).length === claim.length);

/** A number of the same thing, or the opposite word. */
function saysOtherwise(said: Token, found: Token): boolean {
  if (said.kind === "number") return found.kind === "number" && found.unit === said.unit;
  return areOpposite(said.stem, found.stem);
}

/** The same number in another measure: 20 weeks, 20 days. */
const countsAnother = (said: Token, found: Token) =>
  said.kind === "number" && said.unit !== found.unit && isMeasure(said.unit) && isMeasure(found.unit);

/** Tokens that stand in both in the same order, as many as there are, and as near each other as the last of them allows. */
function longestCommon(claim: readonly Token[], evidence: readonly Token[]): [Token, Token][] {
  const [rows, columns] = [claim.length + 1, evidence.length + 1];
  const best = new Uint16Array(rows * columns);
  const at = (row: number, column: number) => best[row * columns + column] ?? 0;
  for (let row = 1; row < rows; row += 1)
    for (let column = 1; column < columns; column += 1)
      best[row * columns + column] =
        claim[row - 1]?.stem === evidence[column - 1]?.stem
          ? at(row - 1, column - 1) + 1
          : Math.max(at(row - 1, column), at(row, column - 1));
  let narrowest: [Token, Token][] = [];
  let width = Number.POSITIVE_INFINITY;
  const most = at(rows - 1, columns - 1);
  for (let column = columns - 1; column > 0 && at(rows - 1, column) === most; column -= 1) {
    const pairs = back(rows - 1, column);
    const span = (pairs.at(-1)?.[1].end ?? 0) - (pairs[0]?.[1].start ?? 0);
    if (span < width) [narrowest, width] = [pairs, span];
  }
  return narrowest;

  function back(lastRow: number, lastColumn: number): [Token, Token][] {
    let [row, column] = [lastRow, lastColumn];
    const pairs: [Token, Token][] = [];
    while (row > 0 && column > 0) {
      const [said, found] = [claim[row - 1], evidence[column - 1]];
      if (said && found && said.stem === found.stem) {
        pairs.push([said, found]);
        row -= 1;
        column -= 1;
      } else if (at(row - 1, column) >= at(row, column - 1)) row -= 1;
      else column -= 1;
    }
    return pairs.reverse();
  }
}
