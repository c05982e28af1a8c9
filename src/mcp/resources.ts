import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import {
  type ListResourcesResult,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  type ResourceTemplateType,
} from "@modelcontextprotocol/server";
import { domains } from "../domains/all.ts";
import { ToolError } from "../kernel/errors.ts";
import { VIEWS, viewUri } from "../kernel/view.ts";
import { AllowedPaths } from "../policy/paths.ts";
import { clean, cleanAll } from "../policy/text.ts";
import { createHint } from "../routing/hint.ts";
import { appPage } from "../studio/pages.ts";
import { workflows } from "../workflows/index.ts";
import { viewJob } from "./jobs.ts";
import type { Parts } from "./parts.ts";

const LARGEST_BYTES = 8 * 2 ** 20;
const JSON_TYPE = "application/json";
/** A page of the MCP Apps extension. */
const APP_TYPE = "text/html;profile=mcp-app";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".md": "text/markdown",
  ".json": JSON_TYPE,
  ".csv": "text/csv",
  ".jsonl": "application/jsonl",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".log": "text/plain",
};

/** Every resource: its template, and what reads it. Percent-decoding is done once, before `read`. */
const RESOURCES: readonly {
  readonly template: ResourceTemplateType;
  readonly matches: RegExp;
  read(value: string, uri: string, parts: Parts): ReadResourceResult;
}[] = [
  {
    template: {
      uriTemplate: "ml://route/{request}",
      name: "route",
      title: "Which tool for a request",
      description: "Ranked tools, domain and workflow for a percent-encoded request; an empty list for what is not ML.",
      mimeType: JSON_TYPE,
    },
    matches: /^ml:\/\/route\/(.*)$/s,
    read: (request, uri, parts) => json(uri, hintOf(parts)(request)),
  },
  {
    template: {
      uriTemplate: "ml://runs/{id}",
      name: "run",
      title: "A run",
      description: "Parameters, metrics with their history, status and surroundings of a run.",
      mimeType: JSON_TYPE,
    },
    matches: /^ml:\/\/runs\/([^/]+)$/,
    read: (id, uri, parts) => {
      const run = parts.store().runs.get(id);
      if (!run) throw unknown(uri, "run");
      return json(uri, { ...run, history: parts.store().runs.history(id).slice(-2000) });
    },
  },
  {
    template: {
      uriTemplate: "ml://artifacts/{+path}",
      name: "artifact",
      title: "A file a call made",
      description: "Plots, reports and exports, by the uri in a call's result.",
    },
    matches: /^ml:\/\/artifacts\/(.+)$/s,
    read: (path, uri, parts) => readArtifact(path, uri, parts),
  },
  {
    template: {
      uriTemplate: "ml://jobs/{id}",
      name: "job",
      title: "A job",
      description: "State, progress and result of a long call.",
      mimeType: JSON_TYPE,
    },
    matches: /^ml:\/\/jobs\/([^/]+)$/,
    read: (id, uri, parts) => {
      const { job, progress } = viewJob(id, parts);
      const { id: job_id, tool, state, run_id, created, ended, result, error } = job;
      return json(uri, { job_id, tool, state, run_id, created, ended, progress, result, error });
    },
  },
];

export const resourceTemplates: ResourceTemplateType[] = RESOURCES.map(({ template }) => template);

const FIXED: readonly {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType?: string;
  read(uri: string, parts: Parts): ReadResourceResult;
}[] = [
  ...VIEWS.map((view) => ({
    uri: viewUri(view),
    name: `${view} view`,
    title: "A search, shown",
    description: "Passages with their scores and ranks, the context and the claims of an answer.",
    mimeType: APP_TYPE,
    read: (uri: string, { config }: Parts) => ({
      contents: [{ uri, mimeType: APP_TYPE, text: appPage(view, config.root) }],
    }),
  })),
  {
    uri: "ml://datasets",
    name: "datasets",
    title: "Datasets",
    description: "Every registered dataset at its newest version.",
    read: (uri, parts) =>
      json(uri, {
        datasets: parts
          .store()
          .catalog.list("dataset", { limit: 200 })
          .items.map(({ ref, hash, created, manifest }) => ({
            dataset: ref,
            hash,
            created,
            rows: manifest["rows"],
            columns: manifest["columns"],
            source: manifest["source"],
          })),
      }),
  },
  {
    uri: "ml://events",
    name: "events",
    title: "The record",
    description: "The newest 100 actions and decisions; ml_transparency_audit searches them all.",
    read: (uri, parts) =>
      json(uri, {
        count: parts.store().events.count(),
        events: parts.store().events.query({ limit: 100, order: "newest" }).items,
      }),
  },
];

/** What is always there, and the newest of what calls made. */
export function listResources(parts: Parts): ListResourcesResult {
  const resources = FIXED.map(({ uri, name, title, description, mimeType = JSON_TYPE }) => ({
    uri,
    name,
    title,
    description,
    mimeType,
  }));
  return { resources: [...resources, ...newestArtifacts(parts)] };
}

export function readResource(uri: string, parts: Parts): ReadResourceResult {
  try {
    const fixed = FIXED.find((each) => each.uri === uri);
    if (fixed) return fixed.read(uri, parts);
    for (const { matches, read } of RESOURCES) {
      const value = matches.exec(uri)?.[1];
      if (value !== undefined) return read(decode(value, uri), uri, parts);
    }
  } catch (error) {
    if (error instanceof ToolError)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, [error.message, error.hint].filter(Boolean).join(" "));
    throw error;
  }
  throw unknown(uri, "resource");
}

const hints = new WeakMap<Parts, ReturnType<typeof createHint>>();

function hintOf(parts: Parts): ReturnType<typeof createHint> {
  const known = hints.get(parts);
  if (known) return known;
  const served = domains
    .map((domain) => ({ ...domain, tools: domain.tools.filter((tool) => parts.tools.includes(tool)) }))
    .filter(({ tools }) => tools.length > 0);
  const made = createHint(served, workflows);
  hints.set(parts, made);
  return made;
}

function readArtifact(path: string, uri: string, parts: Parts): ReadResourceResult {
  const root = join(parts.config.workspace, "artifacts");
  const real = new AllowedPaths([root]).file("path", join(root, path));
  const { size } = statSync(real);
  if (size > LARGEST_BYTES)
    throw new ToolError(
      "invalid_input",
      `path: the file has ${size} bytes, more than a resource carries.`,
      `It lies at ${real}.`,
    );
  const mimeType = TYPES[extname(real)] ?? "application/octet-stream";
  const content = readFileSync(real);
  const isText = mimeType.startsWith("text/") || mimeType.includes("json") || mimeType.includes("svg");
  return {
    contents: [
      isText ? { uri, mimeType, text: content.toString("utf8") } : { uri, mimeType, blob: content.toString("base64") },
    ],
  };
}

function newestArtifacts(parts: Parts): ListResourcesResult["resources"] {
  const root = join(parts.config.workspace, "artifacts");
  if (!existsSync(root)) return [];
  const calls = readdirSync(root).sort().slice(-10).reverse();
  return calls.flatMap((call) =>
    readdirSync(join(root, call)).map((name) => ({
      uri: `ml://artifacts/${call}/${name}`,
      name: clean(name, 200),
      mimeType: TYPES[extname(name)] ?? "application/octet-stream",
    })),
  );
}

const json = (uri: string, value: unknown): ReadResourceResult => ({
  contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(cleanAll(value)) }],
});

const unknown = (uri: string, kind: string) =>
  new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown ${kind}: ${clean(uri, 200)}`);

function decode(value: string, uri: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Not percent-encoded: ${clean(uri, 200)}`);
  }
}
