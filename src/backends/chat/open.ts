import type { ServedBy } from "../../kernel/backends.ts";
import { type ChatModel, CLIENT } from "../../kernel/chat.ts";
import { ToolError } from "../../kernel/errors.ts";
import { ollamaChat } from "./ollama.ts";
import { openAiChat } from "./openai.ts";
import { type Served, servedChat } from "./served.ts";

export interface ChatSettings {
  readonly openai_url: string;
  readonly openai_key?: string | undefined;
  readonly ollama_url: string;
  readonly call_seconds: number;
  readonly offline: boolean;
}

const NAME = /^(?:(openai|ollama|llamacpp|candle|vllm):)?(.*)$/s;
/** Kinds whose servers this engine starts itself. */
const STARTED: readonly string[] = ["llamacpp", "candle", "vllm"] satisfies ServedBy[];

/** A kind of server and a model, as `llamacpp:smollm2`; a model's name alone is one of Ollama's. */
export function openChat(name: string, settings: ChatSettings, backends: Served): ChatModel {
  const [, kind = "ollama", model = ""] = NAME.exec(name) ?? [];
  if (model === "") throw new ToolError("invalid_input", `There is no model's name in \`${name}\`.`, WAYS);
  const { openai_url, openai_key: key, ollama_url, call_seconds: seconds } = settings;
  const ours = backends.serving().some((one) => one.backend === kind && one.model === model);
  if (ours || STARTED.includes(kind)) return servedChat(name, kind, model, backends, seconds);
  const url = kind === "openai" ? openai_url : ollama_url;
  if (settings.offline && !isHere(url))
    throw new ToolError(
      "unavailable",
      `\`${name}\`: this server is offline (--offline), and ${new URL(url).hostname} is another machine.`,
      WAYS,
    );
  return kind === "openai" ? openAiChat(model, { url, key, seconds }) : ollamaChat(model, { host: url, seconds });
}

const WAYS = `Models are \`llamacpp:<model>\` and the like that ml_inference_serve started, \`ollama:<model>\` (setting ollama_url), \`openai:<model>\` of an OpenAI-compatible server (openai_url), or \`${CLIENT}\`, the client's own where it offers sampling.`;

const isHere = (url: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
