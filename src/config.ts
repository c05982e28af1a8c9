import { availableParallelism, homedir, totalmem } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { ToolError } from "./kernel/errors.ts";

const list = (separator: string) =>
  z.string().transform((text) =>
    text
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  );
const flag = z.union([
  z.boolean(),
  z.enum(["1", "true", "yes", "0", "false", "no", ""]).transform((text) => ["1", "true", "yes"].includes(text)),
]);

/** Every setting: its flag is `--kebab-case`, its variable `ML_ENGINE_UPPER_CASE`. A flag wins over a variable. */
const Settings = z.strictObject({
  workspace: z
    .string()
    .min(1)
    .default(join(homedir(), ".ml-engine"))
    .transform((path) => resolve(path))
    .describe("Folder for everything this server keeps."),
  allow_dirs: list(delimiter)
    .default([])
    .transform((paths) => paths.map((path) => resolve(path)))
    .describe("Further folders whose files may be read."),
  allow_hosts: list(",").default([]).describe("Hosts that may be fetched from though their address is private."),
  domains: list(",").default([]).describe("Serve only the tools of these domains."),
  tools: list(",").default([]).describe("Serve only these tools."),
  read_only: flag.default(false).describe("Serve only what changes nothing."),
  offline: flag.default(false).describe("Fetch nothing from a network."),
  log_level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("What is logged to stderr."),
  lancedb: z
    .string()
    .optional()
    .describe("Where collections lie: a folder, s3://, gs:// or az://; in the workspace by default."),
  ollama_url: z.url().default("http://127.0.0.1:11434").describe("Where Ollama listens."),
  openai_url: z
    .url()
    .default("https://api.openai.com/v1")
    .describe("Endpoint that speaks OpenAI's API, with its version."),
  openai_key: z.string().optional().describe("Its key; better as a variable than as a flag."),
  key_dir: z.string().optional().describe("Folder of the key that signs the record; the workspace's own by default."),
  python: z.string().optional().describe("Python interpreter with the locked environment."),
  workers: z
    .enum(["zygote", "standby"])
    .default(process.platform === "linux" ? "zygote" : "standby")
    .describe("How workers start."),
  memory_bytes: z.coerce
    .number()
    .int()
    .min(0)
    .default(Math.floor(totalmem() * 0.8))
    .describe("Memory one call may use; 0 is no limit."),
  call_seconds: z.coerce.number().min(1).default(120).describe("Longest run of a call that is no job."),
  job_seconds: z.coerce
    .number()
    .min(1)
    .default(6 * 3600)
    .describe("Longest run of a job."),
  idle_seconds: z.coerce.number().min(1).default(600).describe("How long Python stays without work."),
});

export type Config = z.output<typeof Settings> & { readonly root: string; readonly threads: number };

const REPEATABLE = new Set(["allow_dirs", "allow_hosts"]);
const FLAG_NAMES: Readonly<Record<string, string>> = { allow_dirs: "allow-dir", allow_hosts: "allow-host" };

/** Reads flags and environment once. Throws ToolError that names the setting that is wrong. */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv, root: string): Config {
  const flags = parseFlags(args);
  const given = Object.fromEntries(
    Object.keys(Settings.shape).flatMap((name) => {
      const value = flags[name] ?? env[`ML_ENGINE_${name.toUpperCase()}`];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const parsed = Settings.safeParse(given);
  if (!parsed.success)
    throw new ToolError("invalid_input", z.prettifyError(parsed.error), "`ml-engine --help` lists the settings.");
  return { ...parsed.data, root, threads: availableParallelism() };
}

function parseFlags(args: readonly string[]): Readonly<Record<string, string | boolean>> {
  const options = Object.fromEntries(
    Object.keys(Settings.shape).map((name) => [
      FLAG_NAMES[name] ?? name.replaceAll("_", "-"),
      {
        type: name === "read_only" || name === "offline" ? ("boolean" as const) : ("string" as const),
        multiple: REPEATABLE.has(name),
      },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true });
    return Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => {
        const setting = Object.keys(FLAG_NAMES).find((key) => FLAG_NAMES[key] === name) ?? name.replaceAll("-", "_");
        if (value === undefined) return [];
        if (Array.isArray(value)) return [[setting, value.join(setting === "allow_dirs" ? delimiter : ",")]];
        return [[setting, value]];
      }),
    );
  } catch (error) {
    throw new ToolError(
      "invalid_input",
      error instanceof Error ? error.message : String(error),
      "`ml-engine --help` lists the settings.",
    );
  }
}

/** What `--help` prints. */
export function help(): string {
  const lines = Object.entries(Settings.shape).map(([name, schema]) => {
    const flagName = `--${FLAG_NAMES[name] ?? name.replaceAll("_", "-")}`;
    return `  ${flagName.padEnd(18)} ML_ENGINE_${name.toUpperCase().padEnd(14)} ${schema.description ?? ""}`;
  });
  return `ml-engine [settings]     serves MCP over stdio\nml-engine doctor         says what is here, what is missing and how to add it\nml-engine setup          installs what is needed\n\n${lines.join("\n")}\n`;
}
