import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Database, Statement } from "better-sqlite3";
import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import type { EventQuery, Events, Page, Verification } from "../kernel/ports.ts";
import { ActionDetails, EventBody, type EventRow, Outcome } from "../kernel/record.ts";
import { bodyOf, canonical, eventHash, leafOf, StoredEvent, Tree } from "./chain.ts";
import { type Cell, inTransaction, rows } from "./database.ts";
import { Heads } from "./heads.ts";
import type { Signer } from "./keys.ts";
import { recordLineage } from "./lineage.ts";
import { auditPath } from "./merkle.ts";
import { verifyChain } from "./verify.ts";
import type { Witness } from "./witness.ts";

const CHECKPOINT_EVERY = 1000;
const MOST = 1000;

/** The append-only record. */
export class EventLog implements Events {
  readonly #database: Database;
  readonly #signer: Signer;
  readonly #witness: Witness;
  readonly #archives: string;
  readonly #insert: Statement;
  readonly #heads: Heads;

  constructor(database: Database, workspace: string, signer: Signer, witness: Witness) {
    this.#archives = join(workspace, "archives");
    this.#database = database;
    this.#signer = signer;
    this.#witness = witness;
    this.#insert = database.prepare(
      "INSERT INTO events VALUES (@seq, @time, @kind, @type, @tool, @outcome, @call_id, @run_id, @body, @prev_hash, @hash)",
    );
    this.#heads = new Heads(database, signer, witness);
  }

  append(...bodies: readonly EventBody[]): readonly EventRow[] {
    const { written, head } = inTransaction(this.#database, () => {
      const { tree, last } = this.#heads.end();
      const time = new Date().toISOString();
      const appended = bodies.map((body, at) => this.#write(tree, last + 1 + at, time, body));
      const next = this.#heads.advance(tree, time);
      if (Math.floor(next.size / CHECKPOINT_EVERY) > Math.floor((next.size - bodies.length) / CHECKPOINT_EVERY))
        this.#heads.keep(next, "kept");
      return { written: appended, head: next };
    });
    // Inside somebody's transaction the commit is still to come, and a witness must not lead it.
    if (!this.#database.inTransaction) this.#heads.show(head);
    return written;
  }

  /** Shows the witness what is committed by now. */
  witness(): void {
    const head = this.#heads.newest();
    if (head) this.#heads.show(head);
  }

  query({ limit = 20, cursor, order = "newest", ...query }: EventQuery): Page<EventRow> {
    const where: string[] = [];
    const values: Cell[] = [];
    const add = (condition: string, ...found: readonly (Cell | undefined)[]) => {
      if (found.some((value) => value === undefined)) return;
      where.push(condition);
      values.push(...found.filter((value) => value !== undefined));
    };
    add("tool = ?", query.tool);
    add("kind = ?", query.kind);
    add("type = ?", query.type);
    add("outcome = ?", query.outcome);
    add("run_id = ?", query.run_id);
    add("call_id = ?", query.call_id);
    add("instr(lower(body), lower(?)) > 0", query.text);
    add("time >= ?", query.since);
    add("time <= ?", query.until);
    if (query.asset)
      add(
        "seq IN (SELECT seq FROM touched WHERE kind = ? AND name = ? AND version = ?)",
        query.asset.kind,
        query.asset.name,
        query.asset.version,
      );
    const filter = where.length > 0 ? `WHERE ${where.join(" AND ")}` : "";
    const { total } = z
      .object({ total: z.int() })
      .parse(this.#database.prepare(`SELECT count(*) AS total FROM events ${filter}`).get(...values));
    const after = cursor === undefined ? undefined : position(cursor);
    add(order === "newest" ? "seq < ?" : "seq > ?", after);
    const page = Math.min(limit, MOST);
    const found = this.#database
      .prepare(
        `SELECT * FROM events ${where.length > 0 ? `WHERE ${where.join(" AND ")}` : ""} ORDER BY seq ${order === "newest" ? "DESC" : "ASC"} LIMIT ?`,
      )
      .all(...values, page + 1);
    const items = rows(StoredEvent, found.slice(0, page)).map(opened);
    return { items, total, next_cursor: found.length > page ? String(items.at(-1)?.seq) : undefined };
  }

  get(seq: number): EventRow | undefined {
    const row = this.#database.prepare("SELECT * FROM events WHERE seq = ?").get(seq);
    return row === undefined ? undefined : opened(StoredEvent.parse(row));
  }

  count(): number {
    return z.object({ total: z.int() }).parse(this.#database.prepare("SELECT count(*) AS total FROM events").get())
      .total;
  }

  verify(): Verification {
    return this.#database.transaction(() => verifyChain(this.#database, this.#signer, this.#witness))();
  }

  inclusionProof(seq: number): ReturnType<Events["inclusionProof"]> {
    return this.#database.transaction(() => this.#proof(seq))();
  }

  #proof(seq: number): ReturnType<Events["inclusionProof"]> {
    const cut = this.#heads.cut();
    const hashes = rows(
      z.object({ seq: z.int(), hash: z.string() }),
      this.#database.prepare("SELECT seq, hash FROM events ORDER BY seq").all(),
    );
    const index = hashes.findIndex((row) => row.seq === seq);
    const row = hashes[index];
    if (row === undefined)
      throw new ToolError(
        "not_found",
        `seq: there is no event ${seq}.`,
        hashes.length > 0 ? `There are ${hashes[0]?.seq} to ${hashes.at(-1)?.seq}.` : "Nothing is recorded yet.",
      );
    if (cut)
      throw new ToolError(
        "unavailable",
        "Events before the newest archive are not here, and a proof needs every leaf.",
        "Prove it from the archive's own file.",
      );
    const leaves = hashes.map(({ hash }) => leafOf(hash));
    const { size, root } = this.head();
    return {
      seq,
      leaf: leafOf(row.hash).toString("hex"),
      size,
      root,
      path: auditPath(leaves, index).map((node) => node.toString("hex")),
    };
  }

  head(): ReturnType<Events["head"]> {
    const { size, root, time, signature } =
      this.#heads.newest() ?? new Tree().head(this.#signer, new Date(0).toISOString());
    return { size, root, time, signature, public_key: this.#signer.publicKey };
  }

  archive(before: string): { count: number; path: string | null } {
    return inTransaction(this.#database, () => {
      const { ok, problem } = this.verify();
      if (!ok)
        throw new ToolError(
          "conflict",
          `Nothing was archived, because the record is not whole: ${problem}`,
          "Keep `engine.db` as it is, and find out who changed it.",
        );
      const { last } = z
        .object({ last: z.int().nullable() })
        .parse(this.#database.prepare("SELECT max(seq) AS last FROM events WHERE time < ?").get(before));
      if (last === null) return { count: 0, path: null };
      const leaving = rows(
        StoredEvent,
        this.#database.prepare("SELECT * FROM events WHERE seq <= ? ORDER BY seq").all(last),
      );
      const tree = new Tree(this.#heads.cut());
      for (const { hash } of leaving) tree.add(hash);
      const head = tree.head(this.#signer, new Date().toISOString(), "cut");
      const path = join(this.#archives, `events-${leaving[0]?.seq}-${last}.jsonl`);
      mkdirSync(this.#archives, { recursive: true, mode: 0o700 });
      // Written and synced before the rows go: a kill in between leaves both, and the next archive writes it again.
      const lines = [...leaving, { head, public_key: this.#signer.publicKey }].map((line) => JSON.stringify(line));
      writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600, flush: true });
      this.#heads.keep(head, "cut");
      this.#database.prepare("DELETE FROM events WHERE seq <= ?").run(last);
      return { count: leaving.length, path };
    });
  }

  #write(tree: Tree, seq: number, time: string, body: EventBody): EventRow {
    const parsed = EventBody.parse(body);
    const { type } = parsed.details;
    const row = {
      seq,
      time,
      kind: ActionDetails.safeParse(parsed.details).success ? ("action" as const) : ("decision" as const),
      type,
      tool: parsed.tool,
      outcome: parsed.outcome,
      call_id: parsed.call_id,
      run_id: parsed.run_id,
      prev_hash: tree.lastHash,
    };
    const text = canonical(parsed);
    const hash = eventHash({ ...row, body: text });
    this.#insert.run({ ...row, body: text, hash });
    tree.add(hash);
    recordLineage(this.#database, seq, parsed);
    return { ...row, body: parsed, hash };
  }
}

/** A row with its body opened. */
function opened(row: StoredEvent): EventRow {
  const body = bodyOf(row);
  const outcome = Outcome.safeParse(row.outcome);
  if (!body || !outcome.success)
    throw new ToolError(
      "conflict",
      `Event ${row.seq} cannot be read: it is not as it was written.`,
      "ml_transparency_audit with action `verify` says more.",
    );
  return {
    ...row,
    body,
    type: body.details.type,
    outcome: outcome.data,
    kind: row.kind === "decision" ? "decision" : "action",
  };
}

function position(cursor: string): number {
  const seq = Number(cursor);
  if (!Number.isSafeInteger(seq))
    throw new ToolError(
      "invalid_input",
      `cursor: \`${cursor.slice(0, 40)}\` is not one.`,
      "Use `next_cursor` of the page before.",
    );
  return seq;
}
