import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Table } from "@lancedb/lancedb";
import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import { quoted } from "./filter.ts";

/** The table that stands beside the collections; no collection can have its name. */
const LEASES = ".leases";
const SLOTS = 64;
const RETRIES = 3;
const [LEAST_NAP_MS, NAP_MS] = [100, 200];
/** Two creations of one table can both succeed, the later one undoing the first; after so long there is only one. */
const SETTLING_MS = 3000;
/** Every change of a lease is a version of the table; old ones are dropped now and then. */
const [VERSIONS_BETWEEN, VERSIONS_KEPT_MS] = [200, 3_600_000];

const Row = z.object({ slot: z.int(), holder: z.string(), beat: z.int(), made: z.number() });
type Lease = Pick<z.infer<typeof Row>, "holder" | "beat">;

/**
 * Leases at the address of the collections itself, for whoever shares it from other machines or workspaces. A lease is a row
 * that is changed only by whoever saw it last: LanceDB commits one of two changes made at once, in a folder and in a bucket.
 * The holder changes it again and again; one that stays as it was for `lasts_ms` is of a process that is no more.
 */
export class Leases {
  readonly #connection: () => Promise<Connection>;
  readonly #lasts: number;
  #opening: Promise<Table> | undefined;

  constructor(connection: () => Promise<Connection>, lasts_ms = 30_000) {
    this.#connection = connection;
    this.#lasts = lasts_ms;
  }

  /** Does work while nobody else at this address does work under the same name. */
  async hold<T>(name: string, work: () => Promise<T>): Promise<T> {
    const slot = createHash("sha256").update(name).digest().readUInt32BE() % SLOTS;
    const ended = new AbortController();
    const kept = this.#keep(slot, await this.#take(slot), ended.signal);
    const result = await work().finally(async () => {
      ended.abort();
      await kept;
    });
    if (await kept) return result;
    throw new ToolError(
      "conflict",
      "collection: this process stood still for so long that another one went on with its work.",
      "Ask again: what is written stays, and what is missing is added.",
    );
  }

  /** Takes a lease that is free, or was left by a process that is no more. */
  async #take(slot: number): Promise<Lease> {
    let [seen, since] = [await this.#read(slot), performance.now()];
    for (;;) {
      if (seen.holder === "" || performance.now() - since > this.#lasts) {
        const mine = { holder: randomUUID(), beat: seen.beat + 1 };
        const asSeen = `holder = ${quoted(seen.holder)} AND beat = ${seen.beat}`;
        // Where too many want it at once, whoever reads next sees who has it.
        if (await this.#change(slot, asSeen, mine).catch(() => false)) return mine;
      }
      await sleep(LEAST_NAP_MS + Math.random() * NAP_MS);
      const now = await this.#read(slot);
      if (now.holder !== seen.holder || now.beat !== seen.beat) [seen, since] = [now, performance.now()];
    }
  }

  /** Renews a lease until the work has ended, then gives it back. Answers whether nobody took it meanwhile. */
  async #keep(slot: number, { holder, beat }: Lease, ended: AbortSignal): Promise<boolean> {
    for (let [next, failed] = [beat + 1, 0]; ; next += 1) {
      await sleep(this.#lasts / 6, undefined, { signal: ended }).catch(() => {});
      const last = ended.aborted;
      try {
        const kept = await this.#change(slot, `holder = ${quoted(holder)}`, { holder: last ? "" : holder, beat: next });
        if (last || !kept) return kept;
        failed = 0;
      } catch {
        // The next renewal may be in time; a lease that cannot be given back ends by itself.
        failed += 1;
        if (last && failed > RETRIES) return true;
      }
    }
  }

  /** Changes a lease where it is as it was seen. Answers whether it was; throws where that cannot be known. */
  async #change(slot: number, seen: string, to: Lease): Promise<boolean> {
    const table = await this.#table();
    try {
      const { rowsUpdated, version } = await table.update({ where: `slot = ${slot} AND ${seen}`, values: { ...to } });
      if (version % VERSIONS_BETWEEN === 0)
        await table.optimize({ cleanupOlderThan: new Date(Date.now() - VERSIONS_KEPT_MS) }).catch(() => {});
      return rowsUpdated > 0;
    } catch (error) {
      // An answer may be lost after the change was made.
      const { holder, beat } = await this.#read(slot);
      if (holder === to.holder && beat === to.beat) return true;
      throw error;
    }
  }

  async #read(slot: number): Promise<Lease> {
    const found: unknown[] = await (await this.#table()).query().where(`slot = ${slot}`).toArray();
    const row = Row.parse(found[0]);
    const young = SETTLING_MS - Math.abs(Date.now() - row.made);
    if (young <= 0) return row;
    await sleep(young);
    return await this.#read(slot);
  }

  #table(): Promise<Table> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(attempt = 1): Promise<Table> {
    const lance = await this.#connection();
    const made = Date.now();
    const rows = Array.from({ length: SLOTS }, (_, slot) => ({ slot, holder: "", beat: 0, made }));
    try {
      if (!(await lance.tableNames({ limit: 100_000 })).includes(LEASES)) await lance.createTable(LEASES, rows);
      return await lance.openTable(LEASES);
    } catch (error) {
      // Another one makes it at this moment.
      if (attempt > RETRIES) throw error;
      await sleep(LEAST_NAP_MS + Math.random() * NAP_MS);
      return await this.#open(attempt + 1);
    }
  }
}
