import { existsSync } from "node:fs";
import { join } from "node:path";

/** The names of a workspace's collections, in order. LanceDB is loaded only where there are any. */
export async function collectionNames(workspace: string): Promise<string[]> {
  const folder = join(workspace, "lancedb");
  if (!existsSync(folder)) return [];
  const { connect } = await import("@lancedb/lancedb");
  const connection = await connect(folder);
  try {
    return await connection.tableNames();
  } finally {
    connection.close();
  }
}

/** Whether LanceDB's native part runs on this machine; throws its own error where it does not. */
export async function loadLance(): Promise<void> {
  const { connect } = await import("@lancedb/lancedb");
  (await connect("memory://")).close();
}
