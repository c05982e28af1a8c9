import type { Database } from "better-sqlite3";
import { z } from "zod";
import type { Verification } from "../kernel/ports.ts";
import { Head, headHolds, StoredEvent, Tree } from "./chain.ts";
import type { Signer } from "./keys.ts";
import { type Fault, faultOfGap, faultOfRow, faultOfSeal, holds } from "./tampering.ts";
import type { Witness } from "./witness.ts";

const HEAD = "size, last_hash, frontier, root, time, signature";
const Kept = Head.extend({ reason: z.enum(["kept", "cut"]) });
type Kept = z.infer<typeof Kept>;

/** Every head there is: those this workspace signed, and what only looks like one. */
interface Heads {
  readonly trusted: readonly Kept[];
  readonly forged: readonly (Kept | undefined)[];
  readonly newest: boolean;
  readonly checkpoints: number;
}

/** Walks the whole record once: each row's own hash, its link to the one before, its number, and every signed head on the way. */
export function verifyChain(database: Database, signer: Signer, witness: Witness): Verification {
  const heads = readHeads(database, signer, witness);
  const { trusted } = heads;
  const expected = new Map(trusted.map((each) => [each.size, each]));
  const tree = new Tree(trusted.filter(({ reason }) => reason === "cut").at(-1));
  const signedSize = trusted.length > 0 ? largest(trusted) : Number.POSITIVE_INFINITY;
  let checked = 0;
  let fault: Fault | undefined;

  for (const raw of database.prepare("SELECT * FROM events ORDER BY seq").iterate()) {
    checked += 1;
    const row = StoredEvent.safeParse(raw).data;
    fault = faultAt(row, tree, signedSize, database);
    if (fault || !row) break;
    const { lastHash } = tree;
    tree.add(row.hash);
    const sealed = expected.get(tree.size);
    if (sealed && (sealed.root !== tree.root || sealed.last_hash !== tree.lastHash)) {
      fault = faultOfSeal(tree.size, lastHash, database);
      break;
    }
  }
  fault ??= faultOfHeads(tree.size, heads);
  return {
    ok: fault === undefined,
    checked,
    first_bad: fault?.seq ?? null,
    problem: fault?.problem ?? null,
    problem_kind: fault?.kind ?? null,
    root: tree.root,
    size: tree.size,
    checkpoints: heads.checkpoints,
  };
}

function readHeads(database: Database, signer: Signer, witness: Witness): Heads {
  // Read before the first query opens a snapshot, so that it cannot be ahead of what the snapshot shows.
  const witnessed = witness.read();
  const kept = database.prepare(`SELECT ${HEAD}, reason FROM checkpoints ORDER BY size`).all();
  const newest = database.prepare(`SELECT ${HEAD}, 'kept' AS reason FROM head WHERE id = 1`).all();
  const seen = witnessed ? [{ ...witnessed, reason: "kept" }] : [];
  const parsed = [...kept, ...newest, ...seen].map((head) => Kept.safeParse(head).data);
  const trusted = parsed.flatMap((head) => (head && headHolds(head, signer, head.reason) ? [head] : []));
  return {
    trusted,
    forged: parsed.filter((head) => head === undefined || !trusted.includes(head)),
    newest: newest.length > 0,
    checkpoints: kept.length,
  };
}

function faultAt(row: StoredEvent | undefined, tree: Tree, signedSize: number, database: Database): Fault | undefined {
  const seq = tree.size + 1;
  if (!row) return { seq, kind: "edited", problem: `Event ${seq} is not a row that was written here.` };
  if (row.seq < seq) {
    return { seq: row.seq, kind: "inserted", problem: `Event ${row.seq} stands before the first one that is kept.` };
  }
  if (row.seq > seq) return faultOfGap(seq, row, tree.lastHash, database);
  if (row.prev_hash !== tree.lastHash || !holds(row)) return faultOfRow(row, tree.lastHash, database);
  if (seq <= signedSize) return undefined;
  return { seq, kind: "inserted", problem: `Event ${seq} was written without being signed for.` };
}

function faultOfHeads(size: number, { trusted, forged, newest }: Heads): Fault | undefined {
  const most = largest(trusted);
  if (most > size) {
    return {
      seq: size + 1,
      kind: "cut_tail",
      problem: `Events ${size + 1} to ${most} were signed for and are missing.`,
    };
  }
  if (forged.length > 0) {
    const over = forged[0]?.size;
    const which = over === undefined ? "A kept head" : `The head over ${over} events`;
    const seq = Math.max(1, Math.min(over ?? size, size + 1));
    return { seq, kind: "signature", problem: `${which} was not signed by this workspace's key.` };
  }
  if (!newest && size > 0) return { seq: size, kind: "signature", problem: "The signed head is missing." };
  return undefined;
}

const largest = (heads: readonly Head[]) => heads.reduce((most, { size }) => Math.max(most, size), 0);
