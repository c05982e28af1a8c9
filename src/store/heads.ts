import type { Database, Statement } from "better-sqlite3";
import { z } from "zod";
import { Head, headHolds, type Purpose, Tree } from "./chain.ts";
import { rows } from "./database.ts";
import type { Signer } from "./keys.ts";
import type { Witness } from "./witness.ts";

const COLUMNS = "size, last_hash, frontier, root, time, signature";

/** The signed heads of the record: the newest, those kept, and what the witness outside the database saw. */
export class Heads {
  readonly #database: Database;
  readonly #signer: Signer;
  readonly #witness: Witness;
  readonly #set: Statement;
  readonly #get: Statement;
  readonly #last: Statement;
  readonly #stands: Statement;
  /** The head this process wrote last: its signature need not be checked again. */
  #mine = "";

  constructor(database: Database, signer: Signer, witness: Witness) {
    this.#database = database;
    this.#signer = signer;
    this.#witness = witness;
    this.#set = database.prepare(
      "INSERT OR REPLACE INTO head VALUES (1, @size, @last_hash, @frontier, @root, @time, @signature)",
    );
    this.#get = database.prepare(`SELECT ${COLUMNS} FROM head WHERE id = 1`);
    this.#stands = database.prepare("SELECT 1 FROM events WHERE seq = ? AND hash = ?");
    this.#last = database.prepare("SELECT coalesce(max(seq), 0) AS last FROM events");
  }

  newest(): Head | undefined {
    return Head.safeParse(this.#get.get()).data;
  }

  /** Signs the tree as it now is. */
  advance(tree: Tree, time: string): Head {
    const head = tree.head(this.#signer, time);
    this.#set.run(head);
    this.#mine = JSON.stringify(head);
    return head;
  }

  keep(head: Head, reason: Purpose): void {
    this.#database
      .prepare(
        "INSERT OR REPLACE INTO checkpoints VALUES (@size, @reason, @last_hash, @frontier, @root, @time, @signature)",
      )
      .run({ ...head, reason });
  }

  /** The signed end of what was archived. */
  cut(): Head | undefined {
    const newest = `SELECT ${COLUMNS} FROM checkpoints WHERE reason = 'cut' ORDER BY size DESC LIMIT 1`;
    const cut = Head.safeParse(this.#database.prepare(newest).get()).data;
    return cut && headHolds(cut, this.#signer, "cut") ? cut : undefined;
  }

  /**
   * Where the record goes on. A head that is missing or was not signed here is not built upon: the rows are counted
   * again, as far as the witness saw them, and a forged head is kept as evidence. Rows nobody signed for are stepped
   * over, so that they still show.
   */
  end(): { tree: Tree; last: number } {
    const head = this.newest();
    const trusted = head && (JSON.stringify(head) === this.#mine || headHolds(head, this.#signer));
    if (head && !trusted) this.keep(head, "kept");
    const tree = trusted ? new Tree(head) : this.#regrown();
    const { last } = z.object({ last: z.int() }).parse(this.#last.get());
    return { tree, last: Math.max(tree.size, last) };
  }

  /** Shows the witness a committed head. It stays with what it saw where that is no longer part of the record. */
  show(head: Head): void {
    this.#witness.see(head, ({ size, last_hash }) => {
      return size === 0 || this.#stands.get(size, last_hash) !== undefined || (this.cut()?.size ?? 0) >= size;
    });
  }

  #regrown(): Tree {
    const tree = new Tree(this.cut());
    const most = this.#witness.read()?.size ?? Number.MAX_SAFE_INTEGER;
    const found = this.#database.prepare("SELECT hash FROM events WHERE seq <= ? ORDER BY seq").all(most);
    for (const { hash } of rows(z.object({ hash: z.string() }), found)) tree.add(hash);
    return tree;
  }
}
