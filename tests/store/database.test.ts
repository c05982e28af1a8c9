import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { ToolError } from "../../src/kernel/errors.ts";
import { openStore } from "../../src/store/store.ts";
import { body } from "../support/record.ts";
import { root, scratch } from "../support/server.ts";
import { workspace } from "../support/workspace.ts";

test("a workspace of a newer version is refused in plain words, and left as it is", async () => {
  const { folder, intruder, remove } = await workspace();
  onTestFinished(remove);
  const own = readdirSync(join(root, "src/store/migrations")).length;
  intruder.exec("INSERT INTO migrations VALUES ('9999_later.sql', 'now')");

  await expect(openStore(folder)).rejects.toThrow(
    new ToolError(
      "conflict",
      "This workspace was written by a newer ML Engine (9999_later.sql).",
      "Update ML Engine, or name another folder with --workspace.",
    ),
  );
  expect(intruder.prepare("SELECT count(*) AS n FROM migrations").get()).toEqual({ n: own + 1 });
});

test("a workspace is opened again with what it held, its files for its owner alone", async () => {
  const { folder, remove } = scratch();
  onTestFinished(remove);
  const stores = await Promise.all([openStore(folder), openStore(folder)]);
  for (const store of stores) store.events.append(body(1));
  for (const store of stores) store.close();

  const again = await openStore(folder);
  expect(again.events.verify()).toMatchObject({ ok: true, size: 2 });
  expect(statSync(join(folder, "keys/audit.key")).mode & 0o777).toBe(0o600);
  again.close();
});

test("a new workspace that another process is making at the same moment is waited for", async () => {
  const { folder, remove } = scratch();
  onTestFinished(remove);
  const other = new Sqlite(join(folder, "engine.db"));
  other.exec("BEGIN IMMEDIATE");
  const opening = openStore(folder);
  await sleep(200);
  other.exec("COMMIT");
  other.close();

  const store = await opening;
  expect(store.events.verify()).toMatchObject({ ok: true, size: 0 });
  store.close();
});
