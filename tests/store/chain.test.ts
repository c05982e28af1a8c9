import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Verification } from "../../src/kernel/ports.ts";
import { eventHash, StoredEvent, Tree } from "../../src/store/chain.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { body } from "../support/record.ts";
import { workspace } from "../support/workspace.ts";

/** What an intruder does to a record of `size` events at event `at`; `k` and `pick` vary it. Answers what must be found. */
type Tampering = (scene: { db: Database; folder: string; size: number; at: number; k: number; pick: number }) => {
  readonly first_bad: number;
  readonly kinds: readonly Verification["problem_kind"][];
  /** Nothing recorded was lost and the next append signs a new head: the record is whole again. */
  readonly heals?: boolean;
};

const TEXTS = ["time", "kind", "type", "tool", "outcome", "call_id", "run_id", "body", "prev_hash", "hash"] as const;
const COLUMNS = ["seq", ...TEXTS].join(", ");

const row = (db: Database, seq: number) => StoredEvent.parse(db.prepare("SELECT * FROM events WHERE seq = ?").get(seq));
const put = (db: Database, event: StoredEvent) =>
  db.prepare(`INSERT INTO events (${COLUMNS}) VALUES (@seq, ${TEXTS.map((name) => `@${name}`).join(", ")})`).run(event);
const drop = (db: Database, from: number, to = from) =>
  db.prepare("DELETE FROM events WHERE seq BETWEEN ? AND ?").run(from, to);

/** Moves the rows from `from` on by `by` numbers; two steps, since a number is unique at every moment. */
function shift(db: Database, from: number, by: number): void {
  db.prepare("UPDATE events SET seq = -(seq + ?) WHERE seq >= ?").run(by, from);
  db.exec("UPDATE events SET seq = -seq WHERE seq < 0");
}

function forged(db: Database, seq: number): StoredEvent {
  const model = row(db, Math.max(1, seq - 1));
  const { hash, ...rest } = { ...model, seq, prev_hash: seq === 1 ? "0".repeat(64) : model.hash, call_id: "forged" };
  return { ...rest, hash: eventHash(rest) };
}

/** A head that fits the rows as they are now, but for the signature, which nobody can make. */
function fitHead(db: Database): void {
  const tree = new Tree();
  for (const event of db.prepare("SELECT * FROM events ORDER BY seq").all()) tree.add(StoredEvent.parse(event).hash);
  db.prepare("UPDATE head SET size = ?, last_hash = ?, frontier = ?, root = ?").run(
    tree.size,
    tree.lastHash,
    tree.frontier,
    tree.root,
  );
}

const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  "any column edited": ({ db, at, pick }) => {
    const column = TEXTS[pick % TEXTS.length] ?? "time";
    db.prepare(`UPDATE events SET ${column} = coalesce(${column}, '') || 'x' WHERE seq = ?`).run(at);
    return { first_bad: at, kinds: ["edited"] };
  },
  "one number in the body edited": ({ db, at }) => {
    db.prepare("UPDATE events SET body = json_set(body, '$.params.seed', 12345) WHERE seq = ?").run(at);
    return { first_bad: at, kinds: ["edited"] };
  },
  "the body written with a blank more": ({ db, at }) => {
    db.prepare("UPDATE events SET body = ' ' || body WHERE seq = ?").run(at);
    return { first_bad: at, kinds: ["edited"] };
  },
  "a name twice in the body": ({ db, at }) => {
    db.prepare('UPDATE events SET body = \'{"tool":"other",\' || substr(body, 2) WHERE seq = ?').run(at);
    return { first_bad: at, kinds: ["edited"] };
  },
  "malformed JSON in the body": ({ db, at, pick }) => {
    const junk = ["{", "", "null", "[]", "\u0000", "{}"][pick % 6] ?? "";
    db.prepare("UPDATE events SET body = ? WHERE seq = ?").run(junk, at);
    return { first_bad: at, kinds: ["edited"] };
  },
  "a row edited and its hash made to fit": ({ db, at }) => {
    const { hash, ...rest } = { ...row(db, at), call_id: "another" };
    drop(db, at);
    put(db, { ...rest, hash: eventHash(rest) });
    return { first_bad: at, kinds: ["edited"] };
  },
  "a row deleted before the end": ({ db, at, size }) => {
    drop(db, Math.min(at, size - 1));
    return { first_bad: Math.min(at, size - 1), kinds: ["removed"] };
  },
  "a row deleted and the later ones renumbered": ({ db, at, size }) => {
    const gone = Math.min(at, size - 1);
    drop(db, gone);
    shift(db, gone, -1);
    return { first_bad: gone, kinds: ["removed"] };
  },
  "the last rows deleted": ({ db, size, k }) => {
    drop(db, size - k + 1, size);
    return { first_bad: size - k + 1, kinds: ["cut_tail"] };
  },
  "the last rows deleted and the head made to fit": ({ db, size, k }) => {
    drop(db, size - k + 1, size);
    fitHead(db);
    return { first_bad: size - k + 1, kinds: ["cut_tail"] };
  },
  "the last rows and the head deleted": ({ db, size, k }) => {
    drop(db, size - k + 1, size);
    db.exec("DELETE FROM head");
    return { first_bad: size - k + 1, kinds: ["cut_tail"] };
  },
  "the last rows and the witness deleted and the head made to fit": ({ db, folder, size, k }) => {
    drop(db, size - k + 1, size);
    fitHead(db);
    rmSync(join(folder, "audit-head.json"));
    return { first_bad: Math.max(1, size - k), kinds: ["signature"] };
  },
  "the head deleted": ({ db, size }) => {
    db.exec("DELETE FROM head");
    return { first_bad: size, kinds: ["signature"], heals: true };
  },
  "the head and the witness deleted": ({ db, folder, size }) => {
    db.exec("DELETE FROM head");
    rmSync(join(folder, "audit-head.json"));
    return { first_bad: size, kinds: ["signature"], heals: true };
  },
  "a head that is not one": ({ db, size }) => {
    db.exec("UPDATE head SET size = 'many'");
    return { first_bad: size, kinds: ["signature"], heals: true };
  },
  "a checkpoint that is not one": ({ db, size }) => {
    db.exec("INSERT INTO checkpoints VALUES ('x', 'kept', '', '', '', '', '')");
    return { first_bad: size, kinds: ["signature"] };
  },
  "the first rows deleted, and the head passed off as the end of an archive": ({ db, size }) => {
    const columns = "size, last_hash, frontier, root, time, signature";
    db.exec(`INSERT INTO checkpoints (${columns}, reason) SELECT ${columns}, 'cut' FROM head`);
    db.exec("DELETE FROM events");
    return { first_bad: 1, kinds: size > 0 ? ["cut_tail"] : [] };
  },
  "a witness that is not ours": ({ folder, size }) => {
    const path = join(folder, "audit-head.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"time":"2/, '"time":"3'));
    return { first_bad: size, kinds: ["signature"], heals: true };
  },
  "a well-made row put in and the later ones renumbered": ({ db, at }) => {
    const event = forged(db, at);
    shift(db, at, 1);
    put(db, event);
    return { first_bad: at, kinds: ["inserted"] };
  },
  "a row with a made-up hash put in and the later ones renumbered": ({ db, at }) => {
    const event = forged(db, at);
    shift(db, at, 1);
    put(db, { ...event, hash: "ab".repeat(32) });
    return { first_bad: at, kinds: ["inserted"] };
  },
  "a copy of a row put in and the later ones renumbered": ({ db, at }) => {
    shift(db, at + 1, 1);
    put(db, { ...row(db, at), seq: at + 1 });
    return { first_bad: at + 1, kinds: ["inserted", "edited"] };
  },
  "a well-made row put at the end": ({ db, size }) => {
    put(db, forged(db, size + 1));
    return { first_bad: size + 1, kinds: ["inserted"] };
  },
  "a well-made row put at the end and the head made to fit": ({ db, size }) => {
    put(db, forged(db, size + 1));
    fitHead(db);
    return { first_bad: size + 1, kinds: ["inserted"] };
  },
  "a row put before the first": ({ db }) => {
    put(db, { ...forged(db, 1), seq: 0 });
    return { first_bad: 0, kinds: ["inserted"] };
  },
  "the contents of two rows swapped": ({ db, at, size, pick }) => {
    const first = Math.min(at, size - 1);
    const second = first + 1 + (pick % (size - first));
    const [one, other] = [row(db, first), row(db, second)];
    for (const seq of [first, second]) drop(db, seq);
    put(db, { ...one, seq: second });
    put(db, { ...other, seq: first });
    return { first_bad: first, kinds: ["reordered"] };
  },
  "the bodies of two rows swapped": ({ db, at, size }) => {
    const first = Math.min(at, size - 1);
    const [one, other] = [row(db, first), row(db, first + 1)];
    const set = db.prepare("UPDATE events SET body = ? WHERE seq = ?");
    set.run(one.body, other.seq);
    set.run(other.body, one.seq);
    return { first_bad: first, kinds: ["edited"] };
  },
  "a row moved to the end by its number": ({ db, at, size }) => {
    const moved = Math.min(at, size - 1);
    db.prepare("UPDATE events SET seq = ? WHERE seq = ?").run(size + 1, moved);
    return { first_bad: moved, kinds: ["reordered"] };
  },
};

const scene = fc.integer({ min: 2, max: 12 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    at: fc.integer({ min: 1, max: size }),
    k: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: size })),
    pick: fc.nat(1000),
  }),
);

function written(store: Store, size: number): void {
  for (let n = 1; n <= size; n += 1) store.events.append(body(n));
}

describe("the record", () => {
  test("is whole when nobody touched it, however it was appended", async () => {
    const batches = fc.array(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 4 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(batches, async (values) => {
        const { store, remove } = await workspace();
        for (const batch of values) {
          store.events.append(...batch.map((value, n) => body(n, { params: JSON.parse(JSON.stringify(value)) })));
        }
        const size = values.flat().length;
        expect(store.events.verify()).toMatchObject({ ok: true, checked: size, size, first_bad: null, problem: null });
        remove();
      }),
      { numRuns: 50 },
    );
  });

  describe.each(Object.entries(TAMPERINGS))("with %s", (_, tamper) => {
    test("is found out, and stays so when more is appended", async () => {
      await fc.assert(
        fc.asyncProperty(scene, async (drawn) => {
          const { store, intruder, folder, remove } = await workspace();
          written(store, drawn.size);
          const { first_bad, kinds, heals = false } = tamper({ ...drawn, db: intruder, folder });
          const found = store.events.verify();
          expect(found).toMatchObject({ ok: false, first_bad });
          expect(kinds).toContain(found.problem_kind);
          expect(found.problem).toMatch(/\w+.*\.$/);

          const again = await openStore(folder);
          for (let n = 1; n <= drawn.size + 2; n += 1) (n % 2 === 0 ? store : again).events.append(body(100 + n));
          expect(again.events.verify().ok).toBe(heals);
          again.close();
          remove();
        }),
        { numRuns: 20 },
      );
    });
  });
});
