import { verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { pathLeads } from "../../src/store/merkle.ts";
import { body } from "../support/record.ts";
import { workspace } from "../support/workspace.ts";

async function record(size: number) {
  const { store, intruder, remove } = await workspace();
  onTestFinished(remove);
  for (let n = 1; n <= size; n += 1) store.events.append(body(n, { outcome: n % 2 === 0 ? "ok" : "error" }));
  return { events: store.events, intruder, store };
}

describe("the record", () => {
  test("proves each event to whoever holds the signed head", async () => {
    const { events } = await record(7);
    const head = events.head();
    for (let seq = 1; seq <= 7; seq += 1) {
      const { leaf, size, path, root } = events.inclusionProof(seq);
      const nodes = path.map((node) => Buffer.from(node, "hex"));
      expect(pathLeads(Buffer.from(leaf, "hex"), seq - 1, size, nodes, Buffer.from(head.root, "hex"))).toBe(true);
      expect(root).toBe(head.root);
    }
    expect(head).toMatchObject({ size: 7, root: events.verify().root });
    expect(() => events.inclusionProof(8)).toThrow("seq: there is no event 8.");
  });

  test("is found by what is asked, a page at a time", async () => {
    const { events } = await record(9);
    const seqs = (query: Parameters<typeof events.query>[0]) => events.query(query).items.map(({ seq }) => seq);

    expect(seqs({ limit: 3 })).toEqual([9, 8, 7]);
    expect(seqs({ limit: 3, cursor: "7" })).toEqual([6, 5, 4]);
    expect(seqs({ order: "oldest", limit: 2, cursor: "3" })).toEqual([4, 5]);
    expect(seqs({ outcome: "ok" })).toEqual([8, 6, 4, 2]);
    expect(seqs({ run_id: "run-6" })).toEqual([6]);
    expect(seqs({ text: "FILE-7.csv" })).toEqual([7]);
    expect(seqs({ until: "2000-01-01T00:00:00.000Z" })).toEqual([]);
    expect(events.query({ tool: "ml_data_ingest", limit: 4 })).toMatchObject({ total: 9, next_cursor: "6" });
    expect(() => events.query({ cursor: "x" })).toThrow("cursor: `x` is not one.");
  });

  test("says which event cannot be read", async () => {
    const { events, intruder } = await record(3);
    intruder.exec("UPDATE events SET body = '{' WHERE seq = 2");
    expect(() => events.query({})).toThrow("Event 2 cannot be read: it is not as it was written.");
    expect(events.query({ limit: 1 }).items).toHaveLength(1);
  });

  test("goes on from its signed head when older events are archived", async () => {
    const { events, intruder } = await record(5);
    const root = events.head().root;
    const { count, path } = events.archive("9999-01-01T00:00:00.000Z");
    expect(count).toBe(5);
    const lines = readFileSync(path ?? "", "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const { head, public_key } = lines.at(-1);
    const { frontier, last_hash, size, time } = head;
    // The canonical form of what a head says where the record was cut.
    const said = JSON.stringify({ cut: true, frontier, last_hash, root, size, time });
    expect(verify(null, Buffer.from(said), public_key, Buffer.from(head.signature, "base64"))).toBe(true);
    expect([lines.length, size, last_hash]).toEqual([6, 5, lines.at(-2).hash]);

    events.append(body(6), body(7));
    expect(events.verify()).toMatchObject({ ok: true, checked: 2, size: 7 });
    expect(() => events.inclusionProof(6)).toThrow("a proof needs every leaf");

    intruder.exec("DELETE FROM checkpoints");
    expect(events.verify()).toMatchObject({ ok: false, first_bad: 1, problem_kind: "removed" });
  });

  test("is not archived while it is not whole", async () => {
    const { events, intruder } = await record(3);
    intruder.exec("UPDATE events SET tool = 'x' WHERE seq = 2");
    expect(() => events.archive("9999-01-01T00:00:00.000Z")).toThrow(/not whole: Event 2 was changed/);
    expect(events.count()).toBe(3);
  });

  test("takes nothing that is not an event, and nothing of a batch that holds one", async () => {
    const { events } = await record(1);
    expect(() => events.append(body(2), body(3, { call_id: "x", params: Number.NaN }))).toThrow();
    expect(events.verify()).toMatchObject({ ok: true, size: 1 });
  });
});
