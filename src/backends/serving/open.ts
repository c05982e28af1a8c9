import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, extname, isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Backends, ModelFile, ServeSettings, Serving } from "../../kernel/backends.ts";
import { ToolError } from "../../kernel/errors.ts";
import { freePort, residentBytes, Servers } from "../../runtime/servers.ts";
import { type AdapterFile, readAdapter } from "../models/adapter.ts";
import { digestOf } from "../models/digest.ts";
import { defaultThreads, fitOf, refuseMisfit } from "../models/fit.ts";
import { readFolder } from "../models/folder.ts";
import { readGguf } from "../models/gguf.ts";
import { readOnnx } from "../models/onnx.ts";
import { type Addresses, attach, servedName } from "./attach.ts";
import { isStartable, programsOf, RECIPES, type Startable } from "./programs.ts";
import { HOST } from "./recipe.ts";
import { type About, isSame, servingOf } from "./record.ts";

export interface BackendsConfig extends Addresses {
  readonly root: string;
  readonly workspace: string;
  readonly memory_bytes: number;
}

interface Wiring {
  readonly config: BackendsConfig;
  readonly env: NodeJS.ProcessEnv;
  /** Does work while no other process of this workspace does work of that name. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** A small model that set-up brings with a backend. */
const BUNDLED: Readonly<Record<string, string>> = { "smollm2-135m-instruct": "SmolLM2-135M-Instruct.Q4_1.gguf" };
const PASSED_ON = ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"];
const DEFAULT_CONTEXT = 4096;
const POLL_MS = 100;
const TRIES = 3;

export function openBackends({ config, env, exclusively }: Wiring): Backends {
  const servers = new Servers(join(config.workspace, "servers"), join(config.root, "bin/keep.mjs"));
  const bundledPath = (name: string) => {
    const file = BUNDLED[name.toLowerCase()];
    return file === undefined ? undefined : join(config.root, ".cache/models", file);
  };
  const serving = () => servers.list().flatMap(servingOf);
  const backends: Backends = {
    programs: () => programsOf(config.root, env["PATH"]),
    serving,
    bundled: () => Object.keys(BUNDLED).filter((name) => existsSync(bundledPath(name) ?? "")),
    attach: (where, signal) => attach(where, serving(), config, signal),
    inspect,
    digest: digestOf,
    plan,
    log: (id) => servers.log(id),
    memory: (id) => {
      const pid = servers.pid(id);
      return pid === undefined ? undefined : residentBytes(pid);
    },
    stop: async (id) => await servers.stop(id),
    start: async (backend, model, asked, { signal, progress }, adapterPath) => {
      if (!isStartable(backend))
        throw new ToolError(
          "invalid_input",
          "backend: `openai` names servers that run elsewhere; they are not started here.",
          `Give \`url\`, or another backend: ${Object.keys(RECIPES).join(", ")}.`,
        );
      const program = backends.programs().find((one) => one.backend === backend);
      if (!program?.path)
        throw new ToolError("unavailable", `${backend} is not installed.`, `Run \`${program?.remedy}\`.`);
      const path = program.path;
      const file = await inspect(model);
      const adapter = await adapterFor(backend, adapterPath);
      const { settings, fit } = plan(backend, file, asked);
      // One at a time: whoever comes second finds the first one's.
      return await exclusively(`server:${backend}:${servedName(model)}`, async () => {
        const running = serving().find((one) => one.backend === backend && isSame(one, model, adapter, settings));
        if (running) return { serving: running, attached: true, fit };
        if (!fit.fits) refuseMisfit(fit);
        const started = await launched({ backend, path, model, file, adapter, settings, signal, progress });
        return { serving: started, attached: false, fit };
      });
    },
  };
  return backends;

  function plan(backend: Parameters<Backends["plan"]>[0], file: ModelFile, asked: Partial<ServeSettings>) {
    const longest = file.context_tokens ?? DEFAULT_CONTEXT;
    const settings: ServeSettings = {
      context_tokens: Math.min(DEFAULT_CONTEXT, longest),
      threads: defaultThreads(),
      parallel: 1,
      batch_tokens: 512,
      kv_type: "f16",
      gpu_layers: 0,
      prompt_cache: true,
      ...asked,
    };
    if (settings.context_tokens > longest)
      throw new ToolError(
        "invalid_input",
        `context_tokens: ${settings.context_tokens} is more than the ${longest} the model was trained for.`,
        `Give at most ${longest}.`,
      );
    const available = Math.min(process.availableMemory(), config.memory_bytes || Number.POSITIVE_INFINITY);
    return { settings, fit: fitOf(file, backend, settings, available) };
  }

  async function inspect(model: string): Promise<ModelFile> {
    const path = bundledPath(model) ?? model;
    if (!isAbsolute(path) || !existsSync(path)) {
      const known = Object.keys(BUNDLED).filter((name) => existsSync(bundledPath(name) ?? ""));
      throw bundledPath(model)
        ? new ToolError("unavailable", `model: \`${model}\` is not here.`, "Run `npm run setup -- --with llamacpp`.")
        : new ToolError(
            "not_found",
            `model: there are no files of a model \`${model}\`.`,
            `Give a GGUF file or a model's folder in the allowed folders, or a registered model${known.length > 0 ? `, or ${known.join(", ")}` : ""}.`,
          );
    }
    if (!statSync(path).isDirectory()) {
      const ending = extname(path).toLowerCase();
      if (ending === ".gguf") return await readGguf(path);
      if (ending === ".onnx") return readOnnx(path);
      throw new ToolError(
        "invalid_input",
        `model: \`${basename(path)}\` is no GGUF, ONNX or folder of safetensors.`,
        "Convert it with ml_llm_quantize.",
      );
    }
    const [gguf, another] = readdirSync(path).filter((name) => name.toLowerCase().endsWith(".gguf"));
    return gguf !== undefined && another === undefined ? await readGguf(join(path, gguf)) : readFolder(path);
  }

  async function launched(start: Start): Promise<Serving> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await launchedOnce(start);
      } catch (error) {
        // Between finding a port free and taking it another program may take it.
        const taken =
          error instanceof NotStarted && /address already in use|couldn't bind|EADDRINUSE/i.test(error.words);
        if (!taken || attempt === TRIES) throw error;
      }
    }
  }

  async function launchedOnce(start: Start): Promise<Serving> {
    const { backend, path, model, file, adapter, settings, signal, progress } = start;
    const recipe = RECIPES[backend];
    if (!recipe.formats.includes(file.format))
      throw new ToolError(
        "invalid_input",
        `model: ${backend} serves ${recipe.formats.join(" and ")}, and this is ${file.format}.`,
        file.format === "gguf" ? "Use llamacpp or ollama." : "Make a GGUF of it with ml_llm_quantize.",
      );
    const id = `${backend}-${randomBytes(4).toString("hex")}`;
    const port = await freePort();
    const served = {
      file,
      adapter,
      name: servedName(model),
      store: join(config.workspace, "servers", "ollama-models"),
    };
    const command = recipe.command(path, served, settings, port);
    const url = `http://${HOST}:${port}/v1`;
    const about: About = { backend, model, adapter: adapter?.path ?? null, settings };
    const passed = Object.fromEntries(
      PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
    );
    const { ended } = await servers.launch({
      id,
      command: path,
      args: command.args,
      env: { ...passed, ...command.env },
      url,
      about,
    });
    let words: string | undefined;
    void ended.then((last) => {
      words = last;
    });
    const client = recipe.client(url, settings);
    const began = performance.now();
    try {
      for (;;) {
        signal.throwIfAborted();
        if (words !== undefined) throw new NotStarted(backend, words);
        if (await client.isHealthy(signal)) break;
        const seconds = Math.round((performance.now() - began) / 1000);
        if (seconds > recipe.ready_seconds)
          throw new ToolError("timeout", `${backend} did not answer within ${recipe.ready_seconds} seconds.`);
        progress(`${backend} loads ${served.name} (${seconds} s)`);
        await sleep(POLL_MS);
      }
      await recipe.prepare?.(url, served, signal);
    } catch (error) {
      await servers.stop(id);
      throw error;
    }
    const [found] = serving().filter((one) => one.id === id);
    if (!found) throw new NotStarted(backend, words ?? servers.log(id));
    return found;
  }
}

interface Start {
  readonly backend: Startable;
  readonly path: string;
  readonly model: string;
  readonly file: ModelFile;
  readonly adapter: AdapterFile | undefined;
  readonly settings: ServeSettings;
  readonly signal: AbortSignal;
  progress(note: string): void;
}

/** A server that ended before it answered; what it wrote stays in `words`, for it is a stranger's text. */
class NotStarted extends ToolError {
  readonly words: string;

  constructor(backend: string, words: string) {
    const memory = /out of memory|(?:failed to|cannot) allocate|bad_alloc|MemoryError|by SIGKILL/i.test(words);
    super(
      "failed",
      `${backend} ended before it answered${memory ? ", for want of memory" : ""}.`,
      memory
        ? "Lower `context_tokens` or `parallel`, or serve a smaller quantization."
        : "The event log has its last lines; action `inspect` checks the model's files.",
      words,
    );
    this.words = words;
  }
}

async function adapterFor(backend: Startable, path: string | undefined): Promise<AdapterFile | undefined> {
  if (path === undefined) return undefined;
  const { adapters } = RECIPES[backend];
  if (adapters !== undefined) return await readAdapter(path, adapters);
  throw new ToolError(
    "invalid_input",
    `adapter: ${backend} is not given adapters here.`,
    "Take llamacpp (GGUF) or vllm, or serve the model it was merged into.",
  );
}
