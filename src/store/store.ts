import { join } from "node:path";
import type { Asset } from "../kernel/ports.ts";
import type { AssetKind } from "../kernel/record.ts";
import { AssetCatalog } from "./catalog.ts";
import { inTransaction, openDatabase } from "./database.ts";
import { EventLog } from "./events.ts";
import { Jobs } from "./jobs.ts";
import { Signer } from "./keys.ts";
import { Locks } from "./locks.ts";
import { RunStore } from "./runs.ts";
import { Witness } from "./witness.ts";

/** Everything a workspace remembers. */
export interface Store {
  readonly catalog: AssetCatalog;
  readonly events: EventLog;
  readonly runs: RunStore;
  readonly jobs: Jobs;
  readonly locks: Locks;
  register(asset: { kind: AssetKind; stagedFolder: string; callId: string }): Asset;
  /** Commits all that `write` does, or nothing of it. */
  transaction<T>(write: () => T): T;
  close(): void;
}

/** Opens a workspace's `engine.db`, made and migrated where need be. The key lies in the workspace unless told otherwise. */
export async function openStore(
  workspace: string,
  { keyFolder = join(workspace, "keys") }: { keyFolder?: string | undefined } = {},
): Promise<Store> {
  const database = await openDatabase(workspace);
  const events = new EventLog(database, workspace, new Signer(keyFolder), new Witness(workspace));
  const catalog = new AssetCatalog(database, workspace);
  const jobs = new Jobs(database);
  const runs = new RunStore(database);
  runs.reap();
  return {
    catalog,
    events,
    runs,
    jobs,
    locks: new Locks(database),
    register: (asset) => catalog.register(asset),
    transaction: (write) => {
      const answer = inTransaction(database, write);
      if (!database.inTransaction) events.witness();
      return answer;
    },
    close: () => database.close(),
  };
}
