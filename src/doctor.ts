import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ollamaModels } from "./backends/ollama.ts";
import { loadLance } from "./collections/lance.ts";
import type { Config } from "./config.ts";
import { inspectPython } from "./runtime/inspect.ts";

/** One thing looked at. `missing` keeps tools from working, `optional` only adds something. */
interface Finding {
  readonly name: string;
  readonly state: "ok" | "missing" | "optional";
  readonly detail: string;
  /** The command that adds it. */
  readonly remedy?: string;
}

const SETUP = "npm run setup";
const KEY_PACKAGES = [
  "numpy",
  "polars",
  "pyarrow",
  "duckdb",
  "pandas",
  "scikit-learn",
  "lightgbm",
  "xgboost-cpu",
  "optuna",
  "shap",
  "fairlearn",
  "skops",
  "matplotlib",
];
const LEAST_DISK_BYTES = 2e9;
const LEAST_MEMORY_BYTES = 4e9;

/** What set-up notes of itself. */
const State = z.object({
  uv: z.object({ version: z.string() }).optional(),
  extras: z.array(z.string()).default([]),
  offered: z.array(z.string()).default([]),
});

/** Says what is here, what is missing, and the command that adds it; as text for a person or as JSON. */
export async function doctor(config: Config, json: boolean): Promise<string> {
  const state = readState(config.root);
  const findings: readonly Finding[] = [
    { name: "Node", state: "ok", detail: `${process.versions.node} (${process.execPath})` },
    server(config.root),
    ...(await python(config)),
    state.uv
      ? { name: "uv", state: "ok", detail: state.uv.version }
      : { name: "uv", state: "missing", detail: "set-up has not run to its end", remedy: SETUP },
    extras(state),
    workspace(config.workspace),
    ...machine(config),
    await lance(),
    await ollama(),
  ];
  const ok = findings.every((each) => each.state !== "missing");
  return json ? `${JSON.stringify({ ok, findings }, null, 2)}\n` : text(findings, ok);
}

function text(findings: readonly Finding[], ok: boolean): string {
  const mark = { ok: "ok      ", missing: "MISSING ", optional: "optional" };
  const lines = findings.map(
    (each) =>
      `${mark[each.state]}  ${each.name.padEnd(10)} ${each.detail}${each.remedy ? `\n${" ".repeat(21)}add it: ${each.remedy}` : ""}`,
  );
  return `${lines.join("\n")}\n\n${ok ? "Everything needed is here." : "Something needed is missing; the commands above add it."}\n`;
}

function server(root: string): Finding {
  const built = join(root, "dist/ml-engine.mjs");
  if (!existsSync(built)) return { name: "Server", state: "missing", detail: "not built", remedy: SETUP };
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  return { name: "Server", state: "ok", detail: `${version}, built (${built})` };
}

async function python(config: Config): Promise<readonly Finding[]> {
  const path = config.python ?? join(config.root, "python/.venv/bin/python");
  const found = await inspectPython(path);
  if (!found)
    return [{ name: "Python", state: "missing", detail: `${path} is not there or does not start`, remedy: SETUP }];
  const lacking = KEY_PACKAGES.filter((name) => found.packages[name] === undefined);
  const packages = KEY_PACKAGES.flatMap((name) =>
    found.packages[name] === undefined ? [] : [`${name} ${found.packages[name]}`],
  );
  return [
    { name: "Python", state: "ok", detail: `${found.version} (${path})` },
    lacking.length === 0
      ? { name: "Packages", state: "ok", detail: packages.join(", ") }
      : { name: "Packages", state: "missing", detail: `without ${lacking.join(", ")}`, remedy: SETUP },
  ];
}

function extras({ extras: installed, offered }: z.infer<typeof State>): Finding {
  const absent = offered.filter((extra) => !installed.includes(extra));
  const detail = `installed: ${installed.join(", ") || "none"}; offered: ${offered.join(", ") || "none"}`;
  if (absent.length === 0) return { name: "Extras", state: "ok", detail };
  return { name: "Extras", state: "optional", detail, remedy: `${SETUP} -- --with ${absent.join(",")}` };
}

function workspace(folder: string): Finding {
  const there = nearestExisting(folder);
  try {
    accessSync(there, constants.W_OK);
  } catch {
    return {
      name: "Workspace",
      state: "missing",
      detail: `${folder} cannot be written`,
      remedy: "set ML_ENGINE_WORKSPACE to a folder of yours",
    };
  }
  return { name: "Workspace", state: "ok", detail: there === folder ? folder : `${folder} (made on first use)` };
}

function machine({ workspace: folder, threads }: Config): readonly Finding[] {
  const { bavail, bsize } = statfsSync(nearestExisting(folder));
  const free = bavail * bsize;
  const disk = `${gigabytes(free)} free for the workspace`;
  const memory = `${gigabytes(freemem())} free of ${gigabytes(totalmem())}; ${threads} of ${availableParallelism()} cores used`;
  return [
    free < LEAST_DISK_BYTES
      ? {
          name: "Disk",
          state: "missing",
          detail: disk,
          remedy: "free some, or set ML_ENGINE_WORKSPACE to a larger disk",
        }
      : { name: "Disk", state: "ok", detail: disk },
    { name: "Memory", state: totalmem() < LEAST_MEMORY_BYTES ? "optional" : "ok", detail: memory },
  ];
}

async function lance(): Promise<Finding> {
  try {
    await loadLance();
    return {
      name: "LanceDB",
      state: "ok",
      detail: "loads",
    };
  } catch (error) {
    return {
      name: "LanceDB",
      state: "missing",
      detail: error instanceof Error ? error.message : String(error),
      remedy: SETUP,
    };
  }
}

async function ollama(): Promise<Finding> {
  const host = process.env["OLLAMA_HOST"] ?? "this machine";
  const models = await ollamaModels(process.env);
  if (models)
    return {
      name: "Ollama",
      state: "ok",
      detail: `at ${host}; models: ${models.join(", ") || "none (`ollama pull <model>` brings one)"}`,
    };
  return {
    name: "Ollama",
    state: "optional",
    detail: `none answers at ${host}`,
    remedy: "install Ollama and run `ollama serve`, or set OLLAMA_HOST",
  };
}

function readState(root: string): z.infer<typeof State> {
  try {
    return State.parse(JSON.parse(readFileSync(join(root, ".cache/setup.json"), "utf8")));
  } catch {
    return { extras: [], offered: [] };
  }
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder));
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
