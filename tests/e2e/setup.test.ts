import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { adultCsv } from "../../scripts/setup/data.mjs";
import { exclusive } from "../../scripts/setup/exclusive.mjs";
import { addressesIn, bind, hashesIn, strip } from "../../scripts/setup/lock-addresses.mjs";
import { complete } from "../../scripts/setup/platform-siblings.mjs";
import { extrasOffered } from "../../scripts/setup/python.mjs";
import { isAtLeast, versionIn } from "../../scripts/setup/settings.mjs";
import { contentOf, readState, writeState } from "../../scripts/setup/state.mjs";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "ml engine set-up ")); // with spaces, as some clones' paths have
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NpmLock = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().exactOptional(),
      resolved: z.string().exactOptional(),
      os: z.array(z.string()).exactOptional(),
      cpu: z.array(z.string()).exactOptional(),
      libc: z.array(z.string()).exactOptional(),
      optional: z.boolean().exactOptional(),
      dev: z.boolean().exactOptional(),
      optionalDependencies: z.record(z.string(), z.string()).exactOptional(),
    }),
  ),
});

describe("lock files", () => {
  const lock = readFileSync(join(root, "python/uv.lock"), "utf8");
  const npmLock = NpmLock.parse(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")));

  test("the Python lock names no host, and has a hash for every file", () => {
    expect(lock).not.toMatch(/[a-z]+:\/\//);
    const files = [...lock.matchAll(/\{ url = "([^"]*)", hash = "sha256:[0-9a-f]{64}"/g)];
    expect(files.length).toBe([...lock.matchAll(/url = "/g)].length);
    expect(files.every(([, url]) => url?.startsWith("files/packages/"))).toBe(true);
  });

  test("binding to an index and stripping again gives the same lock", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: false }), fc.webUrl(), (index, files) => {
        const bound = bind(lock, { index, files });
        expect(strip(bound)).toBe(lock);
        expect(addressesIn(bound)).toEqual({ index, files });
        expect(hashesIn(bound)).toEqual(hashesIn(lock));
      }),
      { numRuns: 20 },
    );
  });

  test("an index with a layout of its own is told apart", () => {
    const lock =
      'source = { registry = "https://mirror.example/simple" }\n{ url = "https://mirror.example/files/numpy.whl", hash = "sha256:00" }';
    expect(addressesIn(lock)).toEqual({ index: "https://mirror.example/simple", files: undefined });
  });

  test("the npm lock names no host to fetch from and has every platform's packages", () => {
    const entries = Object.entries(npmLock.packages);
    expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(entries.filter(([place, { version }]) => place !== "" && version === undefined)).toEqual([]);
    expect(complete(npmLock)).toEqual(npmLock);
    for (const platform of ["linux-x64", "linux-arm64", "darwin-arm64"]) {
      for (const native of ["node_modules/@lancedb/lancedb-", "node_modules/@esbuild/", "node_modules/@biomejs/cli-"]) {
        expect(entries.map(([place]) => place).filter((place) => place.startsWith(`${native}${platform}`))).not.toEqual(
          [],
        );
      }
    }
  });

  test("a sibling left out is written in with where it runs", () => {
    const lock = {
      packages: {
        "node_modules/a": { version: "1.0.0", optionalDependencies: { "@a/linux-arm64-musl": "1.0.0", b: "2.0.0" } },
      },
    };
    expect(complete(lock).packages["node_modules/@a/linux-arm64-musl"]).toEqual({
      version: "1.0.0",
      os: ["linux"],
      cpu: ["arm64"],
      libc: ["musl"],
      optional: true,
    });
    expect(complete(lock).packages["node_modules/b"]).toBeUndefined();
  });
});

describe("what is new enough", () => {
  test.each([
    ["v20.20.2", [22, 18], false],
    ["v22.18.0", [22, 18], true],
    ["v22.9.1", [22, 18], false],
    ["v24.0.0", [22, 18], true],
    ["uv 0.13.9 (x86_64)", [0, 8], true],
    ["no version", [0, 8], false],
  ])("%s against %j", (text, oldest, answer) => expect(isAtLeast(versionIn(text), oldest)).toBe(answer));
});

describe("steps", () => {
  test("a fingerprint changes with content and names, and with nothing else", () => {
    mkdirSync(join(folder, "tree/deep"), { recursive: true });
    const write = (name: string, text: string) => writeFileSync(join(folder, "tree", name), text);
    write("deep/a", "1");
    const before = contentOf(folder, ["tree", "absent"]);
    write("deep/a", "1");
    expect(contentOf(folder, ["tree", "absent"])).toBe(before);
    write("deep/a", "2");
    expect(contentOf(folder, ["tree", "absent"])).not.toBe(before);
    write("deep/a", "1");
    write("b", "");
    expect(contentOf(folder, ["tree", "absent"])).not.toBe(before);
  });

  test("state that cannot be read is no state", () => {
    const path = join(folder, "state.json");
    const none = readState(path);
    writeState(path, { ...none, dev: true, stamps: { build: "1" } });
    expect(readState(path)).toEqual({ ...none, dev: true, stamps: { build: "1" } });
    writeFileSync(path, '{"dev": tr');
    expect(readState(path)).toEqual(none);
  });

  test("two at once take turns, and a dead one holds nobody up", async () => {
    const path = join(folder, "lock");
    const dead = spawnSync(process.execPath, ["-e", "console.log(process.pid)"], { encoding: "utf8" }).stdout;
    writeFileSync(path, dead.trim());
    const release = await exclusive(path, () => {});
    const order: string[] = [];
    const second = exclusive(path, () => order.push("waits")).then((giveUp) => {
      order.push("goes on");
      giveUp();
    });
    await sleep(400);
    order.push("released");
    release();
    await second;
    expect(order).toEqual(["waits", "released", "goes on"]);
    expect(existsSync(path)).toBe(false);
  });

  test("the extras are those of pyproject.toml", () => {
    const pyproject =
      '[project]\ndependencies = [\n  "a",\n]\n\n[project.optional-dependencies]\nllm = ["torch"]\nhuge-data = [\n  "ray[default]>=2",\n]\n\n[tool.uv]\nx = 1\n';
    expect(extrasOffered(pyproject)).toEqual(["llm", "huge-data"]);
    expect(extrasOffered("[project]\n")).toEqual([]);
  });

  test("Adult becomes one table", () => {
    const csv = adultCsv(["39, State-gov, <=50K\n50, ?, >50K\n\n", "|1x3 Cross validator\n25, Private, <=50K.\n"]);
    expect(csv.split("\n").slice(1)).toEqual(["39,State-gov,<=50K", "50,?,>50K", "25,Private,<=50K", ""]);
  });
});

describe("the command", () => {
  const setup = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, "scripts/setup.mjs"), ...args], { encoding: "utf8" });

  test("an unknown extra is an error that says which there are", () => {
    const { status, stdout, stderr } = setup("--with", "nonsense");
    expect(stderr).toMatch(/There is no extra "nonsense"\. There are/);
    expect(stdout).toBe("");
    expect(status).toBe(1);
  });

  test("an unknown option is an error", () =>
    expect(setup("--force").stderr).toContain('"--force" means nothing here'));
});

describe("the launcher", () => {
  /** A clone of which only the launcher, and a set-up and a server that say what they get, exist. */
  const clone = join(folder, "a clone");
  mkdirSync(join(clone, "bin"), { recursive: true });
  mkdirSync(join(clone, "scripts"), { recursive: true });
  cpSync(join(root, "bin/ml-engine.mjs"), join(clone, "bin/ml-engine.mjs"));
  const node = join(clone, "another node");
  symlinkSync(process.execPath, node);
  writeFileSync(
    join(clone, "scripts/setup.mjs"),
    `import { mkdirSync, writeFileSync } from "node:fs";
     console.log("noise of set-up");
     if (process.env.FAIL) process.exit(3);
     mkdirSync(${JSON.stringify(join(clone, "dist"))}, { recursive: true });
     mkdirSync(${JSON.stringify(join(clone, ".cache"))}, { recursive: true });
     writeFileSync(${JSON.stringify(join(clone, ".cache/setup.json"))}, JSON.stringify({ node: { path: ${JSON.stringify(node)} }, stamps: { build: "1", python: "1" } }));
     writeFileSync(${JSON.stringify(join(clone, "dist/ml-engine.mjs"))}, \`
       process.on("SIGTERM", () => process.exit(7));
       console.log(JSON.stringify(process.argv.slice(2)));
       if (process.argv[2] === "wait") setInterval(() => {}, 1000);
       else process.stdin.on("data", (chunk) => { process.stdout.write(chunk); process.exit(5); });
     \`);`,
  );
  const launch = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [join(clone, "bin/ml-engine.mjs"), ...args], {
      encoding: "utf8",
      input: "{}\n",
      env: { ...process.env, ...env },
    });

  test("a set-up that fails starts nothing and prints nothing on stdout", () => {
    const { status, stdout, stderr } = launch([], { FAIL: "1" });
    expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: "", stderr: "noise of set-up\n" });
  });

  test("a fresh clone is set up on stderr, then served, with what was on stdin meanwhile", () => {
    const { status, stdout, stderr } = launch(["--read-only", "a b"]);
    expect({ status, stdout, stderr }).toEqual({
      status: 5,
      stdout: '["--read-only","a b"]\n{}\n',
      stderr: "noise of set-up\n",
    });
  });

  test("a clone that is set up starts at once and hands on signals and the exit code", async () => {
    const child = spawn(process.execPath, [join(clone, "bin/ml-engine.mjs"), "wait"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGTERM");
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(7);
  });
});

test("mcp.json starts the launcher", () => {
  const { mcpServers } = z
    .object({ mcpServers: z.object({ "ml-engine": z.object({ command: z.string(), args: z.array(z.string()) }) }) })
    .parse(JSON.parse(readFileSync(join(root, "mcp.json"), "utf8")));
  expect(mcpServers["ml-engine"].command).toBe("node");
  expect(mcpServers["ml-engine"].args.every((path) => existsSync(join(root, path)))).toBe(true);
});
