import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test as base, describe, expect } from "vitest";
import { AllowedPaths } from "../../src/policy/paths.ts";
import { trackingStore } from "../../src/policy/tracking.ts";
import { scratch } from "../support/server.ts";

const OPEN = { offline: false, allowHosts: [] };

const test = base.extend("place", ({}, { onCleanup }) => {
  const { folder, remove } = scratch();
  onCleanup(remove);
  mkdirSync(join(folder, "exports"));
  return { folder, paths: new AllowedPaths([folder]) };
});

describe("an MLflow store", () => {
  test("is a database or folder where files may be written", async ({ place: { folder, paths } }) => {
    const exports = join(folder, "exports");
    expect(await trackingStore("store", "sqlite:///a b.db", OPEN, paths)).toBe(`sqlite:///${exports}/a b.db`);
    expect(await trackingStore("store", `sqlite:///${exports}/a.db`, OPEN, paths)).toBe(`sqlite:///${exports}/a.db`);
    expect(await trackingStore("store", "my runs", OPEN, paths)).toBe(`file://${exports}/my%20runs`);
    expect(await trackingStore("store", `file://${exports}/runs`, OPEN, paths)).toBe(`file://${exports}/runs`);
  });

  test("is a server whose checked addresses go with it", async ({ place: { paths } }) => {
    const local = { offline: false, allowHosts: ["127.0.0.1:5000"] };
    expect(await trackingStore("store", "http://ann:p%40w@127.0.0.1:5000", local, paths)).toBe(
      "http://ann:p%40w@127.0.0.1:5000/#127.0.0.1",
    );
  });

  test.for([
    ["sqlite:///../../etc/x.db", "lies outside the allowed folders"],
    ["sqlite:////etc/x.db", "lies outside the allowed folders"],
    ["file:///etc", "lies outside the allowed folders"],
    ["sqlite:///engine.db?mode=rw", "is no SQLite address"],
    ["mysql://ann:s3cret@db/x", "`mysql://` is no MLflow store known here"],
    ["http://127.0.0.1:5001", "is an address of a private network"],
    ["http://localhost:5001", "is an address of a private network"],
    ["http://[::1]:5001", "is an address of a private network"],
    ["https://s3cret@host.example", "this is no address of a tracking server"],
    ["https://ann:s3cret@host.example/?a=b", "this is no address of a tracking server"],
    ["https://ann:s3@cret@host.example/", "this is no address of a tracking server"],
  ] as const)("%s is refused", async ([value, message], { place: { paths } }) => {
    const opened = trackingStore("store", value, OPEN, paths);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.not.toThrow("s3cret");
  });

  test("is not a server where this one is offline, nor what the workspace keeps", async ({
    place: { folder, paths },
  }) => {
    await expect(trackingStore("store", "https://x.example", { ...OPEN, offline: true }, paths)).rejects.toThrow(
      "offline",
    );
    await expect(trackingStore("store", `sqlite:///${folder}/engine.db`, OPEN, paths)).rejects.toThrow(
      "lies among what the server keeps",
    );
  });
});
