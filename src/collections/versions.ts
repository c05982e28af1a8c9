import type { Table } from "@lancedb/lancedb";
import type { CollectionVersion } from "../kernel/collections.ts";

/** Names that are given after each change; the newest of them are kept. */
const NUMBERED = /^v(\d+)$/;
const KEPT = 10;

export interface Tables {
  readonly chunks: Table;
  readonly documents: Table;
}

/** States of a collection that can be gone back to, newest first: those whose name both tables know. */
export async function versionsOf({ chunks, documents }: Tables): Promise<CollectionVersion[]> {
  const [ours, theirs, history] = await Promise.all([tagsOf(chunks), tagsOf(documents), chunks.listVersions()]);
  const times = new Map(history.map(({ version, timestamp }) => [version, timestamp]));
  return [...ours]
    .filter(([name]) => theirs.has(name))
    .map(([name, version]) => ({ name, version, time: times.get(version)?.toISOString() ?? "" }))
    .sort((one, other) => other.version - one.version || (one.name < other.name ? -1 : 1));
}

/** Names the state as it is, in both tables; without a name by the next number, where anything changed. */
export async function markVersion({ chunks, documents }: Tables, name?: string): Promise<string> {
  const known = await versionsOf({ chunks, documents });
  const numbers = known.flatMap((one) => NUMBERED.exec(one.name)?.[1] ?? []).map(Number);
  const chosen = name ?? `v${Math.max(0, ...numbers) + 1}`;
  for (const table of [documents, chunks]) {
    const [tags, version] = [await table.tags(), await table.version()];
    if ((await tagsOf(table)).has(chosen)) await tags.update(chosen, version);
    else await tags.create(chosen, version);
  }
  const old = numbers.sort((one, other) => other - one).slice(KEPT - 1);
  if (name === undefined)
    for (const number of old)
      for (const table of [chunks, documents])
        if ((await tagsOf(table)).has(`v${number}`)) await (await table.tags()).delete(`v${number}`);
  return chosen;
}

/** Makes both tables what they were. Where it is cut off between the two, going back again ends it. */
export async function restoreVersion({ chunks, documents }: Tables, name: string): Promise<void> {
  for (const table of [documents, chunks]) {
    await table.checkout(name);
    await table.restore();
    await table.checkoutLatest();
  }
}

async function tagsOf(table: Table): Promise<Map<string, number>> {
  const list = await (await table.tags()).list();
  return new Map(Object.entries(list).map(([name, { version }]) => [name, Number(version)]));
}
