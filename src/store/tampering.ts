import type { Database } from "better-sqlite3";
import { z } from "zod";
import type { Verification } from "../kernel/ports.ts";
import { bodyOf, eventHash, GENESIS, type StoredEvent } from "./chain.ts";

/** The first thing that is not as it was written. */
export interface Fault {
  readonly seq: number;
  readonly kind: NonNullable<Verification["problem_kind"]>;
  readonly problem: string;
}

/** How far a row is looked for from where it stands, where no other row tells. */
const NEAR = 64;

/** Whether a row's hash is that of its other columns. */
export function holds(row: StoredEvent): boolean {
  const { hash, ...rest } = row;
  return bodyOf(row)?.tool === row.tool && eventHash(rest) === hash;
}

/** What was done where event `seq` is not there and a later one follows. */
export function faultOfGap(seq: number, row: StoredEvent, lastHash: string, database: Database): Fault {
  const moved = numbers(database, "prev_hash = ? AND seq > ?", lastHash, seq).length > 0;
  if (moved) return { seq, kind: "reordered", problem: `Event ${seq} was given another number.` };
  return { seq, kind: "removed", problem: `Event ${seq} is missing; event ${row.seq} follows.` };
}

/** What was done where the row numbered `row.seq` is not what was written after the event whose hash is `lastHash`. */
export function faultOfRow(row: StoredEvent, lastHash: string, database: Database): Fault {
  const { seq } = row;
  const edited: Fault = { seq, kind: "edited", problem: `Event ${seq} was changed after it was written.` };
  const linked = row.prev_hash === lastHash;
  if (linked) return pushedAside(seq, lastHash, database) ? inserted(seq, seq) : edited;
  const before = row.prev_hash === GENESIS ? 0 : numbers(database, "hash = ?", row.prev_hash)[0];
  const own = ownNumber(row, before);
  if (own === undefined) return edited;
  if (numbers(database, "hash = ? AND seq < ?", row.hash, seq).length > 0) return inserted(seq, seq);
  if (before !== undefined && before < seq) return inserted(before + 1, seq - 1);
  if (before !== undefined)
    return { seq, kind: "reordered", problem: `Event ${seq} holds what was recorded elsewhere in the chain.` };
  if (own > seq)
    return { seq, kind: "removed", problem: `Event ${seq} is missing and the later ones were renumbered.` };
  return vouchedFor(row, database)
    ? { seq: seq - 1, kind: "edited", problem: `Event ${seq - 1} was rewritten: event ${seq} follows another one.` }
    : edited;
}

/** What was done where everything up to event `seq` fits together and is not what was signed. */
export function faultOfSeal(seq: number, lastHash: string, database: Database): Fault {
  if (pushedAside(seq, lastHash, database)) return inserted(seq, seq);
  return { seq, kind: "edited", problem: `Up to event ${seq} the record is not the one that was signed.` };
}

function inserted(first: number, last: number): Fault {
  const which = first === last ? `Event ${first} was` : `Events ${first} to ${last} were`;
  return { seq: first, kind: "inserted", problem: `${which} put in where the record goes on without.` };
}

/** Whether the row after `seq` is the one that was written as `seq`. */
function pushedAside(seq: number, lastHash: string, database: Database): boolean {
  return numbers(database, "prev_hash = ? AND seq = ?", lastHash, seq + 1).length > 0;
}

/** Whether what came after a row, another row or a head, names its hash. */
function vouchedFor({ seq, hash }: StoredEvent, database: Database): boolean {
  const heads = database.prepare("SELECT 1 FROM head WHERE last_hash = ?").all(hash);
  const there = numbers(database, "seq = ?", seq - 1).length > 0;
  return there && (heads.length > 0 || numbers(database, "prev_hash = ?", hash).length > 0);
}

/** The number under which a row's hash holds. */
function ownNumber(row: StoredEvent, before: number | undefined): number | undefined {
  const near = Array.from({ length: 2 * NEAR + 1 }, (_, at) => row.seq - NEAR + at);
  const likely = before === undefined ? [] : [before + 1];
  return [row.seq, ...likely, ...near].find((seq) => seq > 0 && holds({ ...row, seq }));
}

function numbers(database: Database, where: string, ...values: readonly (string | number)[]): number[] {
  const found = database.prepare(`SELECT seq FROM events WHERE ${where} ORDER BY seq`).all(...values);
  return found.map((each) => z.object({ seq: z.int() }).parse(each).seq);
}
