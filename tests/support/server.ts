import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "vitest";
import { z } from "zod";
import { connect, type TestClient } from "./client.ts";

export const root = join(import.meta.dirname, "../..");

/** How the server starts from its sources, with the Node that runs the tests. */
export const fromSource = { command: process.execPath, args: [join(root, "src/main.ts"), "--log-level", "warn"] };

const Event = z.looseObject({
  seq: z.number(),
  tool: z.string(),
  type: z.string(),
  kind: z.string(),
  outcome: z.string(),
  call_id: z.string(),
  body: z.looseObject({}),
});
export type Event = z.infer<typeof Event>;

/** A folder of its own for one test file, removed after. */
export function scratch(): { readonly folder: string; remove(): void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ml-engine-test-")));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * A real client talking over stdio to a real server on a workspace of its own, one a test file: `write` puts a file where
 * the server may read it, `events` are those recorded since the test began.
 */
export const test = base
  .extend("workspace", { scope: "file" }, async ({}, { onCleanup }) => {
    const { folder, remove } = scratch();
    onCleanup(remove);
    return folder;
  })
  .extend("client", { scope: "file" }, async ({ workspace }, { onCleanup }): Promise<TestClient> => {
    const client = await connect("v2", {
      ...fromSource,
      env: { ML_ENGINE_WORKSPACE: workspace, ML_ENGINE_ALLOW_DIRS: join(root, ".cache/data") },
    });
    onCleanup(() => client.close());
    return client;
  })
  .extend("write", ({ workspace }) => (name: string, content: string | Uint8Array) => {
    const path = join(workspace, "files", name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content);
    return path;
  })
  .extend("events", async ({ client }) => {
    const read = async () =>
      z
        .object({ events: z.array(Event) })
        .parse(await client.read("ml://events"))
        .events.toReversed();
    const before = (await read()).at(-1)?.seq ?? 0;
    return async () => (await read()).filter(({ seq }) => seq > before);
  });
