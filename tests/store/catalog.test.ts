import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AssetRef } from "../../src/kernel/record.ts";
import { body } from "../support/record.ts";
import { root } from "../support/server.ts";
import { workspace } from "../support/workspace.ts";

let staged = 0;

/** A folder as an op leaves it, its content being `hash`. */
function stage(folder: string, hash: string, name = "loans"): string {
  staged += 1;
  const place = join(folder, "staged", String(staged));
  mkdirSync(place, { recursive: true });
  const manifest = {
    name,
    hash,
    rows: 1,
    size_bytes: 1,
    columns: [],
    source: "made up",
    contains_pii: false,
    part: null,
  };
  writeFileSync(join(place, "dataset.json"), JSON.stringify({ ...manifest, pipeline: null }));
  writeFileSync(join(place, "data.parquet"), hash);
  return place;
}

async function catalog() {
  const { folder, store, remove } = await workspace();
  onTestFinished(remove);
  const register = (hash: string, name?: string) =>
    store.register({ kind: "dataset", stagedFolder: stage(folder, hash, name), callId: "call-1" });
  return { folder, store, register };
}

describe("registering", () => {
  test("gives new content the next version and equal content the one it has", async () => {
    const { folder, store, register } = await catalog();
    const refs = ["a", "b", "a", "c", "b"].map((hash) => register(hash).ref);

    expect(refs).toEqual(["loans@1", "loans@2", "loans@1", "loans@3", "loans@2"]);
    expect(register("a", "other").ref).toBe("other@1");
    expect(store.catalog.find("dataset", "loans")).toMatchObject({ version: 3, hash: "c" });
    expect(store.catalog.find("dataset", "loans@2")).toMatchObject({ hash: "b", manifest: { rows: 1 } });
    expect(store.catalog.find("dataset", "loans@9")).toBeUndefined();
    expect(store.catalog.find("model", "loans")).toBeUndefined();
    expect(readFileSync(join(folder, "datasets/loans/2/data.parquet"), "utf8")).toBe("b");
  });

  test("can be made again from what was staged when the transaction it was part of did not commit", async () => {
    const { folder, store } = await catalog();
    const stagedFolder = stage(folder, "a");
    const register = () => store.register({ kind: "dataset", stagedFolder, callId: "call-1" }).ref;
    const killed = () =>
      store.transaction(() => {
        register();
        throw new Error("killed before the commit");
      });

    expect(killed).toThrow("killed before the commit");
    expect(register()).toBe("loans@1");
    expect(readFileSync(join(folder, "datasets/loans/1/data.parquet"), "utf8")).toBe("a");
  });

  test("lists the newest version of each name, a page at a time", async () => {
    const { store, register } = await catalog();
    for (const [hash, name] of [
      ["a", "one"],
      ["b", "one"],
      ["c", "two"],
      ["d", "three"],
    ] as const)
      register(hash, name);

    const first = store.catalog.list("dataset", { limit: 2 });
    const second = store.catalog.list("dataset", { limit: 2, cursor: first.next_cursor ?? "" });
    expect([first.total, second.next_cursor]).toEqual([3, undefined]);
    expect([...first.items, ...second.items].map(({ ref }) => ref).sort()).toEqual(["one@2", "three@1", "two@1"]);
    expect(store.catalog.list("dataset", { query: "wo" }).items.map(({ ref }) => ref)).toEqual(["two@1"]);
    expect(store.catalog.names("dataset", "t")).toEqual(["three", "two"]);
  });

  test("replaces a folder that a killed process left without a row", async () => {
    const { folder, register } = await catalog();
    mkdirSync(join(folder, "datasets/loans/1"), { recursive: true });
    writeFileSync(join(folder, "datasets/loans/1/half.parquet"), "half");

    expect(register("a").ref).toBe("loans@1");
    expect(readdirSync(join(folder, "datasets/loans/1")).sort()).toEqual(["data.parquet", "dataset.json"]);
  });

  test("leaves no row when what it is part of fails", async () => {
    const { store, register } = await catalog();
    const failing = () =>
      store.transaction(() => {
        register("a");
        store.events.append(body(1));
        throw new Error("later");
      });

    expect(failing).toThrow("later");
    expect(store.catalog.find("dataset", "loans")).toBeUndefined();
    expect(store.events.count()).toBe(0);
    expect(store.events.verify().ok).toBe(true);
    expect(register("b").ref).toBe("loans@1");
  });

  test("says what is wrong where nothing was staged or the manifest is not one", async () => {
    const { folder, store } = await catalog();
    const place = stage(folder, "a");
    writeFileSync(join(place, "dataset.json"), "{}");

    expect(() => store.register({ kind: "dataset", stagedFolder: place, callId: "c" })).toThrow(/name/);
    expect(() => store.register({ kind: "dataset", stagedFolder: join(folder, "none"), callId: "c" })).toThrow(
      /ENOENT/,
    );
    expect(existsSync(join(folder, "datasets/loans/1"))).toBe(false);
  });

  test("by several processes at once gives each content one version", async () => {
    const { folder, store } = await catalog();
    const folders = [0, 1, 2, 3].map((who) =>
      [0, 1, 2, 3, 4].map((n) => stage(folder, n === 0 ? "shared" : `${who}-${n}`)),
    );
    const outputs = await Promise.all(
      folders.map((own) =>
        promisify(execFile)(process.execPath, [join(root, "tests/support/registrar.ts"), folder, ...own]),
      ),
    );
    const versions = outputs.flatMap(({ stdout }) => stdout.trim().split("\n").map(Number));

    expect([...new Set(versions)].sort((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, at) => at + 1));
    for (const version of versions) {
      const asset = store.catalog.find("dataset", `loans@${version}`);
      expect(readFileSync(join(asset?.path ?? "", "data.parquet"), "utf8")).toBe(asset?.hash);
    }
  });
});

test("lineage is walked both ways, nearest first, each edge once", async () => {
  const { store } = await catalog();
  const ref = (name: string, kind: AssetRef["kind"] = "dataset"): AssetRef => ({ kind, name, version: 1, hash: name });
  const made = (n: number, inputs: AssetRef[], outputs: AssetRef[]) =>
    store.events.append(body(n, { inputs, outputs }));
  made(1, [ref("raw.csv", "file")], [ref("raw")]);
  made(2, [ref("raw")], [ref("train"), ref("test")]);
  made(3, [ref("train")], [ref("churn", "model")]);
  made(4, [ref("churn", "model"), ref("test")], [ref("scored")]);
  store.events.append(body(5, { outcome: "error", inputs: [ref("raw")], outputs: [ref("never")] }));

  const names = (asset: AssetRef, direction: "up" | "down", depth: number) =>
    store.catalog.lineage(asset, direction, depth).map(({ from, to }) => `${from.name}>${to.name}`);
  expect(names(ref("scored"), "up", 9)).toEqual([
    "churn>scored",
    "test>scored",
    "train>churn",
    "raw>test",
    "raw>train",
    "raw.csv>raw",
  ]);
  expect(names(ref("raw"), "down", 1)).toEqual(["raw>train", "raw>test"]);
  expect(names(ref("nothing"), "up", 9)).toEqual([]);
  expect(
    store.events.query({ asset: { kind: "model", name: "churn", version: 1 } }).items.map(({ seq }) => seq),
  ).toEqual([4, 3]);
});

describe("what is said of versions later", () => {
  test("a tag names one version until it is moved or taken away", async () => {
    const { store, register } = await catalog();
    for (const hash of ["a", "b"]) register(hash);
    store.catalog.tag("dataset", "loans", "prod", 1);

    expect(store.catalog.find("dataset", "loans@prod")).toMatchObject({ version: 1, ref: "loans@1" });
    expect(store.catalog.find("dataset", "loans")).toMatchObject({ version: 2 });
    store.catalog.tag("dataset", "loans", "prod", 2);
    expect(store.catalog.tags("dataset", "loans")).toEqual({ prod: 2 });
    store.catalog.tag("dataset", "loans", "prod", null);
    expect(store.catalog.find("dataset", "loans@prod")).toBeUndefined();
  });

  test("after a rollback the name alone means the older version, until something new is registered", async () => {
    const { store, register } = await catalog();
    for (const hash of ["a", "b"]) register(hash);
    store.catalog.tag("dataset", "loans", "current", 1);

    expect(store.catalog.find("dataset", "loans")).toMatchObject({ version: 1 });
    expect(store.catalog.find("dataset", "loans@2")).toMatchObject({ version: 2 });
    register("c");
    expect(store.catalog.find("dataset", "loans")).toMatchObject({ version: 3 });
    expect(store.catalog.versions("dataset", "loans").map(({ version }) => version)).toEqual([3, 2, 1]);
  });

  test("marks are of one version", async () => {
    const { store, register } = await catalog();
    const [first, second] = [register("a"), register("b")];
    store.catalog.mark(first, "stage", "production");

    expect(store.catalog.marks(first)).toEqual({ stage: "production" });
    expect(store.catalog.marks(second)).toEqual({});
    store.catalog.mark(first, "stage", null);
    expect(store.catalog.marks(first)).toEqual({});
  });
});
