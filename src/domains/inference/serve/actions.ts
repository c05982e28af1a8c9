import type { Attached, Serving } from "../../../kernel/backends.ts";
import { SERVED_BY } from "../../../kernel/backends.ts";
import { CLIENT } from "../../../kernel/chat.ts";
import { needed, ToolError } from "../../../kernel/errors.ts";
import { LANGUAGE } from "../../../kernel/manifest.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { given } from "../fields.ts";
import type { Served, ServeParams } from "../serve.ts";
import { factsOf, isPath, nameOf, serves, usualBackend } from "./models.ts";
import { askClient, embed, type LocalParams, speak, tokenize } from "./speak.ts";

type Action = (params: LocalParams, ports: Ports) => Promise<Partial<Served>>;

const actions: Readonly<Record<ServeParams["action"], Action>> = {
  list,
  inspect,
  start,
  status,
  stop,
  generate: speak,
  chat: speak,
  embed,
  tokenize,
};

export async function serve(params: ServeParams, ports: Ports): Promise<Served> {
  const { action, backend, ...rest } = params;
  const done = backend === CLIENT ? askClient(params, ports) : actions[action]({ ...rest, action, backend }, ports);
  return {
    action,
    backend: null,
    model: null,
    url: null,
    programs: [],
    servers: [],
    models: [],
    facts: null,
    fit: {},
    text: null,
    finish_reason: null,
    usage: null,
    timings: null,
    embeddings: [],
    tokens: [],
    warnings: [],
    ...(await done),
  };
}

/** Programs, servers of ours, and every model that could be used: set-up's, registered ones, and those of Ollama. */
async function list(_: LocalParams, ports: Ports): Promise<Partial<Served>> {
  const { backends, catalog, signal } = ports;
  const registered = catalog
    .list("model", { limit: 200 })
    .items.filter(({ manifest }) => manifest["family"] === LANGUAGE)
    .map(({ ref }) => ({ name: ref, source: "registered" }));
  const elsewhere = await backends
    .attach({ backend: "ollama" }, signal)
    .then(({ backend }) => backend.models(signal))
    .catch(() => []);
  return {
    programs: backends.programs().map(({ backend, path, remedy }) => ({ backend, installed: path !== null, remedy })),
    servers: await Promise.all(backends.serving().map((one) => described(one, ports, ""))),
    models: [
      ...backends.bundled().map((name) => ({ name, source: "brought by set-up" })),
      ...registered,
      ...elsewhere.map((name) => ({ name, source: "Ollama" })),
    ],
  };
}

/** A model's facts from its headers, and whether it fits each backend that serves its format. */
async function inspect(params: LocalParams, { backends, catalog, signal }: Ports): Promise<Partial<Served>> {
  const asked = needed(params.model, "model", "inspect");
  const file = await backends.inspect(asked);
  const kinds = params.backend ? [params.backend] : SERVED_BY.filter((kind) => serves(kind, file));
  return {
    model: nameOf(asked, catalog),
    facts: factsOf(file, { sha256: await backends.digest(file, signal), made_from: madeFrom(asked, catalog) }),
    fit: Object.fromEntries(kinds.map((kind) => [kind, backends.plan(kind, file, given(params.settings)).fit])),
  };
}

/** What a registered model was made from. */
function madeFrom(path: string, catalog: Ports["catalog"]): string[] {
  const asset = catalog.at(path);
  if (!asset) return [];
  const edges = catalog.lineage(asset, "up", 5);
  return [...new Set(edges.map(({ from }) => (from.version === null ? from.name : `${from.name}@${from.version}`)))];
}

async function start(params: LocalParams, ports: Ports): Promise<Partial<Served>> {
  const { backends, catalog, signal } = ports;
  const model = needed(params.model, "model", "start");
  const kind = params.backend ?? (await usualBackend(model, ports));
  if (kind === "ollama" && !isPath(model) && !backends.bundled().includes(model.toLowerCase()))
    return await pulled(model, ports);
  const report = { signal, progress: (note: string) => ports.progress(0, 1, note) };
  const { serving, attached, fit } = await backends.start(kind, model, given(params.settings), report, params.adapter);
  return {
    backend: kind,
    model: nameOf(model, catalog),
    url: serving.url,
    servers: [await described(serving, ports, "")],
    fit: { [kind]: fit },
    warnings: attached ? ["It ran already, started so; nothing was started."] : [],
  };
}

/** A model that Ollama has under its own name needs no start: it is loaded when it is asked. */
async function pulled(model: string, { backends, signal }: Ports): Promise<Partial<Served>> {
  const { backend, model: name } = await backends.attach({ backend: "ollama", model }, signal);
  const known = await backend.models(signal);
  if (!known.includes(name))
    throw new ToolError(
      "not_found",
      `model: Ollama at ${new URL(backend.url).host} has no \`${model}\`.`,
      `\`ollama pull ${model}\` brings it; it has: ${known.slice(0, 10).join(", ") || "none"}.`,
    );
  return { backend: "ollama", model: name, url: backend.url };
}

async function status({ model, backend, url }: LocalParams, ports: Ports): Promise<Partial<Served>> {
  const { backends, signal, catalog } = ports;
  if (url !== undefined) {
    const attached = await backends.attach({ backend, model, url }, signal);
    return { backend: attached.backend.kind, model: attached.model, url: attached.backend.url };
  }
  const meant = backends
    .serving()
    .filter((one) => (model === undefined || isMeant(one, model, catalog)) && (!backend || one.backend === backend));
  if (model !== undefined && meant.length === 0) throw notServed(model, ports);
  return {
    servers: await Promise.all(
      meant.map((one) => described(one, ports, backends.log(one.id).split("\n").slice(-15).join("\n"))),
    ),
  };
}

async function stop(params: LocalParams, ports: Ports): Promise<Partial<Served>> {
  const { backends, catalog } = ports;
  const model = needed(params.model, "model", "stop");
  const meant = backends
    .serving()
    .filter((one) => isMeant(one, model, catalog) && (!params.backend || one.backend === params.backend));
  if (meant.length === 0) throw notServed(model, ports);
  await Promise.all(meant.map(({ id }) => backends.stop(id)));
  return { model: nameOf(model, catalog), backend: meant[0]?.backend ?? null };
}

const isMeant = (one: Serving, model: string, catalog: Ports["catalog"]) =>
  one.id === model || one.model === model || one.adapter === model || nameOf(one.model, catalog) === model;

function notServed(model: string, { backends, catalog }: Ports): ToolError {
  const names = backends.serving().map((one) => nameOf(one.model, catalog));
  return new ToolError(
    "not_found",
    `model: no server of ours serves \`${nameOf(model, catalog)}\`.`,
    names.length === 0 ? "None runs; action `start` starts one." : `Served: ${names.join(", ")}.`,
  );
}

async function described(
  one: Serving,
  { backends, signal, catalog }: Ports,
  log: string,
): Promise<Served["servers"][number]> {
  const { backend }: Attached = await backends.attach({ backend: one.backend, model: one.id }, signal);
  const healthy = await backend.isHealthy(signal);
  return {
    id: one.id,
    backend: one.backend,
    model: nameOf(one.model, catalog),
    adapter: one.adapter === null ? null : nameOf(one.adapter, catalog),
    url: one.url,
    started: one.started,
    healthy,
    memory_bytes: backends.memory(one.id) ?? null,
    settings: one.settings,
    metrics: healthy && log !== "" ? await backend.metrics(signal) : {},
    log,
  };
}
