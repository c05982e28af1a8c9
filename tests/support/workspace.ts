import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { openStore, type Store } from "../../src/store/store.ts";
import { scratch } from "./server.ts";

/** A workspace of its own with its store open, and a second connection to its database as an intruder would have one. */
export async function workspace(): Promise<{
  folder: string;
  store: Store;
  intruder: Sqlite.Database;
  remove(): void;
}> {
  const { folder, remove } = scratch();
  const store = await openStore(folder);
  const intruder = new Sqlite(join(folder, "engine.db"));
  return {
    folder,
    store,
    intruder,
    remove: () => {
      intruder.close();
      store.close();
      remove();
    },
  };
}
