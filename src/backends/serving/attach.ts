import { basename } from "node:path";
import type { Attached, Backend, ServedBy, Serving, Where } from "../../kernel/backends.ts";
import { ToolError } from "../../kernel/errors.ts";
import { ollamaBackend } from "./ollama.ts";
import { openAiBackend } from "./openai.ts";
import { isStartable, RECIPES } from "./programs.ts";

export interface Addresses {
  readonly ollama_url: string;
  readonly openai_url: string;
  readonly openai_key?: string | undefined;
  readonly offline: boolean;
  readonly allow_hosts: readonly string[];
}

/** The server that a call means: at its address, one of ours that runs, or at its kind's usual address. */
export async function attach(
  { backend: kind, model, url }: Where,
  serving: readonly Serving[],
  addresses: Addresses,
  signal: AbortSignal,
): Promise<Attached> {
  if (url === undefined) {
    const ours = serving.filter(
      (one) => (kind === undefined || one.backend === kind) && (model === undefined || isNamed(one, model)),
    );
    // A model's name means it without an adapter, where it is served so too.
    const only = ours.find(({ adapter }) => adapter === null || adapter === model) ?? ours[0];
    if (only && (ours.length === 1 || model !== undefined))
      return { backend: clientOf(only), model: servedName(only.model), serving: only };
    if (ours.length > 1)
      throw new ToolError(
        "invalid_input",
        "model: several models are served.",
        `Name one: ${ours.map((one) => `${one.model} (${one.backend})`).join(", ")}.`,
      );
  }
  const backend = elsewhere(kind, url, addresses);
  if (!backend) throw nobody(kind, model);
  const names = await backend.models(signal);
  const found = model === undefined ? names[0] : (names.find((name) => sameModel(name, model)) ?? model);
  if (found === undefined)
    throw new ToolError("not_found", `The server at ${new URL(backend.url).host} has no model.`, "Load one there.");
  return { backend, model: found, serving: undefined };
}

const isNamed = (one: Serving, model: string) =>
  one.id === model || one.model === model || one.adapter === model || servedName(one.model) === servedName(model);

/** Ollama's names have a tag, `latest` where none is said. */
const sameModel = (name: string, asked: string) => name === asked || name === `${asked}:latest`;

/** What a model is called at a server that we start: its file's name without its ending, in letters every server takes. */
export const servedName = (model: string) =>
  basename(model)
    .replace(/\.gguf$/i, "")
    .replaceAll(/[^\w.-]+/g, "-")
    .toLowerCase();

export const clientOf = ({ backend, url, settings }: Serving): Backend =>
  isStartable(backend) ? RECIPES[backend].client(url, settings) : openAiBackend(backend, url, undefined);

function elsewhere(kind: ServedBy | undefined, url: string | undefined, addresses: Addresses): Backend | undefined {
  const { ollama_url, openai_url, openai_key } = addresses;
  if (url === undefined) {
    if (kind === "ollama") return ollamaBackend(admitted("ollama_url", ollama_url, addresses), {});
    if (kind === "openai") return openAiBackend(kind, admitted("openai_url", openai_url, addresses), openai_key);
    return undefined;
  }
  const given = admitted("url", url, addresses);
  if (kind === "ollama") return ollamaBackend(given, {});
  // The key is for the address it was set with, and for no other.
  const key = sameOrigin(url, openai_url) ? openai_key : undefined;
  return openAiBackend(kind ?? "openai", /\/v\d+\/?$/.test(given) ? given : `${given.replace(/\/+$/, "")}/v1`, key);
}

/** A server of this machine, one that the settings name, or one that was allowed. */
function admitted(field: string, url: string, { offline, allow_hosts, ollama_url, openai_url }: Addresses): string {
  const { protocol, hostname, host } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:")
    throw new ToolError("invalid_input", `${field}: only http and https are spoken, not ${protocol}`);
  if (isHere(hostname)) return url;
  if (offline)
    throw new ToolError("unavailable", `${field}: this server is offline (--offline), and ${hostname} is elsewhere.`);
  const known = [ollama_url, openai_url].some((setting) => sameOrigin(setting, url));
  if (known || allow_hosts.includes(hostname) || allow_hosts.includes(host)) return url;
  throw new ToolError(
    "refused",
    `${field}: ${hostname} is neither this machine nor a server named in the settings.`,
    "The person who runs ML Engine can name it with --openai-url, --ollama-url or --allow-host.",
  );
}

const isHere = (hostname: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
const sameOrigin = (one: string, other: string) => new URL(one).origin === new URL(other).origin;

function nobody(kind: ServedBy | undefined, model: string | undefined): ToolError {
  const what = model === undefined ? "No model" : `\`${servedName(model)}\` is not`;
  return new ToolError(
    "not_found",
    `${model === undefined ? `${what} is` : what} served${kind === undefined ? "" : ` by ${kind}`}.`,
    "ml_inference_serve with action `start` starts it, or give `url` of a server that runs.",
  );
}
