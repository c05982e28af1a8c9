import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openChat } from "../backends/chat/open.ts";
import { modelsFolder, openEmbedder } from "../backends/embedding/open.ts";
import { openCrossEncoder } from "../backends/reranking/cross-encoder.ts";
import { openBackends } from "../backends/serving/open.ts";
import { lanceCollections } from "../collections/lance.ts";
import type { Config } from "../config.ts";
import { domains } from "../domains/all.ts";
import { ToolError } from "../kernel/errors.ts";
import type { Log } from "../log.ts";
import { AllowedPaths } from "../policy/paths.ts";
import { workerEnvironment } from "../runtime/environment.ts";
import { Python } from "../runtime/python.ts";
import { openStore, type Store } from "../store/store.ts";
import { adoptOrphans } from "./jobs.ts";
import type { Parts } from "./parts.ts";
import { selectTools } from "./select-tools.ts";

/** Wires a server's parts together. Nothing is opened, started or written before the first request that needs it. */
export function createParts(config: Config, log: Log): Parts & { close(): void } {
  let store: Store | undefined;
  let paths: AllowedPaths | undefined;
  let opening: Promise<void> | undefined;
  const python = new Python({
    python: config.python ?? join(config.root, "python/.venv/bin/python"),
    env: workerEnvironment(config, process.env),
    idleSeconds: config.idle_seconds,
    workers: config.workers,
    limits: {
      memory_bytes: config.memory_bytes,
      cpu_seconds: Math.ceil(config.job_seconds * config.threads),
      file_bytes: 0,
      open_files: 4096,
    },
  });
  const collections = lanceCollections({
    uri: config.lancedb ?? join(config.workspace, "lancedb"),
    shared: config.lancedb !== undefined,
    embedder: (model) => openEmbedder(model, config),
    modelFolder: (path) => ({
      source: opened(paths).source("embedding", path),
      target: modelsFolder(config.workspace),
    }),
    exclusively: (name, work) => opened(store).locks.hold(name, work),
  });
  const backends = openBackends({
    config,
    env: process.env,
    exclusively: (name, work) => opened(store).locks.hold(name, work),
  });
  const parts: Parts & { close(): void } = {
    config,
    log,
    tools: selectTools(domains, config),
    python,
    collections,
    backends,
    chat: (name) => openChat(name, config, backends),
    reranker: (folder) => openCrossEncoder(opened(paths).source("rerank", folder), config.threads),
    store: () => opened(store),
    paths: () => opened(paths),
    ready: () => {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    close: () => {
      python.close();
      collections.close();
      store?.close();
    },
  };
  return parts;

  async function open(): Promise<void> {
    mkdirSync(config.workspace, { recursive: true, mode: 0o700 });
    store = await openStore(config.workspace, { keyFolder: config.key_dir });
    paths = new AllowedPaths([config.workspace, ...config.allow_dirs]);
    adoptOrphans(parts);
  }
}

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new ToolError("failed", "The workspace is not open.");
  return part;
}
