import type { Database } from "better-sqlite3";
import type { Verification } from "../kernel/ports.ts";
import { EventBody } from "../kernel/record.ts";
import { eventHash, GENESIS, Head, headHolds, StoredEvent, Tree } from "./chain.ts";
import { rows } from "./database.ts";
import type { Signer } from "./keys.ts";
import type { Witness } from "./witness.ts";

type Kind = NonNullable<Verification["problem_kind"]>;

/** The first thing that is not as it was written. */
interface Fault {
  readonly seq: number;
  readonly kind: Kind;
  readonly problem: string;
}

const HEAD = "size, last_hash, frontier, root, time, signature";

/** Walks the whole record once: each row's own hash, its link to the one before, its number, and every signed head on the way. */
export function verifyChain(database: Database, signer: Signer, witness: Witness): Verification {
  // Read before the first query opens a snapshot, so that it cannot be ahead of what the snapshot shows.
  const witnessed = witness.read();
  const checkpoints = rows(Head, database.prepare(`SELECT ${HEAD} FROM checkpoints ORDER BY size`).all());
  const found = Head.safeParse(database.prepare(`SELECT ${HEAD} FROM head WHERE id = 1`).get());
  const cut = Head.safeParse(database.prepare(`SELECT ${HEAD} FROM checkpoints WHERE reason = 'cut' ORDER BY size DESC LIMIT 1`).get()).data;
  const head = found.data;
  const expected = new Map([...checkpoints, ...(head ? [head] : []), ...(witnessed ? [witnessed] : [])].map((each) => [each.size, each]));
  const tree = new Tree(cut);
  const signedSize = Math.max(head?.size ?? 0, witnessed?.size ?? 0);
  let checked = 0;
  let fault: Fault | undefined;

  for (const raw of database.prepare("SELECT * FROM events ORDER BY seq").iterate()) {
    checked += 1;
    fault = faultOf(raw, tree, signedSize, database);
    if (fault) break;
    tree.add(StoredEvent.parse(raw).hash);
    const sealed = expected.get(tree.size);
    if (sealed && (sealed.root !== tree.root || sealed.last_hash !== tree.lastHash)) {
      fault = { seq: tree.size, kind: "edited", problem: `Up to event ${tree.size} the record is not the one that was signed.` };
      break;
    }
  }
  fault ??= faultOfHeads(tree, head, witnessed, checkpoints, signer);
  return {
    ok: fault === undefined,
    checked,
    first_bad: fault?.seq ?? null,
    problem: fault?.problem ?? null,
    problem_kind: fault?.kind ?? null,
    root: tree.root,
    size: tree.size,
    checkpoints: checkpoints.length,
  };
}

function faultOf(raw: unknown, tree: Tree, signedSize: number, database: Database): Fault | undefined {
  const seq = tree.size + 1;
  const parsed = StoredEvent.safeParse(raw);
  if (!parsed.success) return { seq, kind: "edited", problem: `Event ${seq} is not a row that was written here.` };
  const row = parsed.data;
  if (row.seq > seq) return { seq, kind: "removed", problem: `Event ${seq} is missing; event ${row.seq} follows.` };
  if (row.seq < seq) return { seq: row.seq, kind: "inserted", problem: `Event ${row.seq} stands before the first one that is kept.` };
  const linked = row.prev_hash === tree.lastHash;
  const whole = holds(row);
  if (linked && whole) {
    if (seq > signedSize) return { seq, kind: "inserted", problem: `Event ${seq} was written without being signed for.` };
    return undefined;
  }
  if (!whole) {
    const moved = linked ? undefined : comesFromElsewhere(row, database);
    if (moved !== undefined) return { seq, kind: "reordered", problem: `Event ${seq} holds what was recorded elsewhere in the chain.` };
    return { seq, kind: "edited", problem: `Event ${seq} was changed after it was written.` };
  }
  const kind: Kind = tree.lastHash === GENESIS ? "removed" : "inserted";
  return { seq, kind, problem: `Event ${seq} does not follow from event ${seq - 1}: something was inserted, removed or rewritten here.` };
}

/** A row whose hash holds under another number was moved, not edited. */
function comesFromElsewhere(row: StoredEvent, database: Database): number | undefined {
  const neighbour = database.prepare("SELECT seq FROM events WHERE hash = ? AND seq <> ?").get(row.prev_hash, row.seq);
  const other = neighbour === undefined ? undefined : StoredEvent.shape.seq.safeParse(Reflect.get(Object(neighbour), "seq")).data;
  for (const seq of [row.prev_hash === GENESIS ? 1 : undefined, other === undefined ? undefined : other + 1]) {
    if (seq !== undefined && holds({ ...row, seq })) return seq;
  }
  const { size } = Object(database.prepare("SELECT coalesce(max(seq), 0) AS size FROM events").get());
  for (let seq = Math.max(1, row.seq - 64); seq <= Math.min(Number(size), row.seq + 64); seq += 1) if (holds({ ...row, seq })) return seq;
  return undefined;
}

function holds(row: StoredEvent): boolean {
  try {
    const { hash, ...rest } = row;
    const { success, data } = EventBody.safeParse(JSON.parse(row.body));
    return success && data.tool === row.tool && eventHash(rest) === hash;
  } catch {
    return false;
  }
}

function faultOfHeads(tree: Tree, head: Head | undefined, witnessed: Head | undefined, checkpoints: readonly Head[], signer: Signer): Fault | undefined {
  const all = [head, witnessed, ...checkpoints].filter((each) => each !== undefined);
  const forged = all.find((each) => !headHolds(each, signer));
  if (forged) return { seq: Math.min(forged.size, tree.size + 1), kind: "signature", problem: `The head over ${forged.size} events was not signed by this workspace's key.` };
  const largest = Math.max(0, ...all.map(({ size }) => size));
  if (largest > tree.size) return { seq: tree.size + 1, kind: "cut_tail", problem: `Events ${tree.size + 1} to ${largest} were signed for and are missing.` };
  if (head === undefined && tree.size > 0) return { seq: tree.size, kind: "signature", problem: "The signed head is missing." };
  return undefined;
}
