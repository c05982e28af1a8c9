import { execFileSync, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect } from "../../support/client.ts";
import { fromSource, root, scratch } from "../../support/server.ts";
import { handbook } from "./handbook.ts";
import { ingested } from "./ingested.ts";
import { openAi, scripted } from "./model-server.ts";
import { rowsOf } from "./rows.ts";

const python = join(root, "python/.venv/bin/python");

/** Whether moto, which speaks S3, is installed: it is of the development group. */
function hasMoto(): boolean {
  try {
    execFileSync(python, ["-c", "import moto.server"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** An S3-speaking server on loopback with an empty bucket; what a client of it needs to know. */
async function bucket(): Promise<Record<string, string>> {
  const script = `
import sys, urllib.request
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
url = "http://%s:%d" % server.get_host_and_port()
urllib.request.urlopen(urllib.request.Request(url + "/shelf", method="PUT")).read()
print(url, flush=True)
sys.stdin.read()`;
  const server = spawn(python, ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  onTestFinished(() => void server.kill());
  const url = await new Promise<string>((resolve) => {
    createInterface(server.stdout).on("line", (line) => {
      if (line.startsWith("http://")) resolve(line);
    });
  });
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  };
}

describe.skipIf(!hasMoto())("collections on s3:// (needs moto, of the development group)", () => {
  test("are indexed, searched, repeated, changed and shared like others", async () => {
    const { folder, remove } = scratch();
    onTestFinished(remove);
    const [env, { url }] = [await bucket(), await scripted(openAi)];
    const source = handbook(join(folder, "files"));
    const serve = async (name: string) => {
      const client = await connect("v2", {
        ...fromSource,
        env: {
          ...env,
          ML_ENGINE_WORKSPACE: join(folder, name),
          ML_ENGINE_ALLOW_DIRS: source,
          ML_ENGINE_LANCEDB: "s3://shelf/collections",
          ML_ENGINE_OPENAI_URL: url,
        },
      });
      onTestFinished(() => client.close());
      return client;
    };
    const client = await serve("one");
    const ingest = async () => {
      const { structured, text } = await ingested(client, {
        collection: "h",
        source,
        embedding: "openai:scripted",
      });
      expect(structured, text).toHaveProperty("documents");
      return structured;
    };
    expect(await ingest()).toMatchObject({ documents: { added: 13, failed: 2 } });
    expect(await ingest()).toMatchObject({ documents: { added: 0, unchanged: 13 }, chunks: 0 });
    for (const strategy of ["auto", "vector", "fulltext"])
      expect(
        (await client.call("ml_rag_query", { collection: "h", query: "vegetarian lunch dish", strategy, k: 3 })).text,
      ).toContain("lunch.txt");
    writeFileSync(join(source, "lunch.txt"), "Lunch is served from one o'clock.");
    rmSync(join(source, "notes"), { recursive: true });
    expect(await ingest()).toMatchObject({ documents: { updated: 1, removed: 3 }, total: { documents: 10 } });

    const other = await serve("two");
    const both = await Promise.all(
      [client, other].map((one) => ingested(one, { collection: "both", source, embedding: "openai:scripted" })),
    );
    for (const { isError, text } of both) expect(isError, text).toBe(false);
    const options = {
      endpoint: env["AWS_ENDPOINT_URL"] ?? "",
      region: "us-east-1",
      allow_http: "true",
      access_key_id: "test",
      secret_access_key: "test",
    };
    expect(await rowsOf("s3://shelf/collections", "both", options)).toEqual(
      await rowsOf("s3://shelf/collections", "h", options),
    );
  });
});

test("an address that does not answer is named, with the way out", async () => {
  const { folder, remove } = scratch();
  onTestFinished(remove);
  const client = await connect("v2", {
    command: fromSource.command,
    args: [...fromSource.args.slice(0, -1), "error"],
    env: {
      ML_ENGINE_WORKSPACE: folder,
      ML_ENGINE_LANCEDB: "s3://shelf/collections",
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
  });
  onTestFinished(() => client.close());
  const { text } = await client.call("ml_rag_query", { collection: "h", query: "lunch?" });
  expect(text).toMatchInlineSnapshot(`
    "unavailable: lancedb: the collections at \`s3://shelf/collections\` cannot be reached.
    Check the address, and the region, keys and endpoint in the server's environment (docs/rag.md); the event log has what the store said."
  `);
  expect(JSON.stringify(await client.read("ml://events"))).toContain("http://127.0.0.1:9/shelf");
});
