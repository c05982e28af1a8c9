import { type ChatModel, CLIENT } from "../../kernel/chat.ts";
import { ToolError } from "../../kernel/errors.ts";
import { ollamaChat } from "./ollama.ts";
import { openAiChat } from "./openai.ts";

export interface ChatSettings {
  readonly openai_url?: string | undefined;
  readonly openai_key?: string | undefined;
  readonly call_seconds: number;
  readonly offline: boolean;
  readonly ollama_host?: string | undefined;
}

/** `openai:<model>`, `ollama:<model>`, or a model's name alone: of the OpenAI-compatible server where one is set, else Ollama's. */
export function openChat(name: string, settings: ChatSettings): ChatModel {
  const [, kind = settings.openai_url === undefined ? "ollama" : "openai", model = ""] =
    /^(?:(openai|ollama):)?(.+)$/s.exec(name) ?? [];
  if (model === "") throw new ToolError("invalid_input", `There is no model's name in \`${name}\`.`, ways(settings));
  const { openai_url: url, openai_key: key, ollama_host: host, call_seconds: seconds } = settings;
  const address = kind === "openai" ? url : (host ?? "127.0.0.1");
  if (address === undefined)
    throw new ToolError("unavailable", `\`${name}\`: no OpenAI-compatible server is set.`, ways(settings));
  if (settings.offline && !isHere(address))
    throw new ToolError(
      "unavailable",
      `\`${name}\`: this server is offline (--offline), and ${hostOf(address)} is another machine.`,
      "Use a model on this machine.",
    );
  return kind === "openai" && url !== undefined
    ? openAiChat(model, { url, key, seconds })
    : ollamaChat(model, { host, seconds });
}

/** Which models can be named. */
export const ways = ({ openai_url }: Pick<ChatSettings, "openai_url">) =>
  `Models are \`ollama:<model>\` of Ollama (OLLAMA_HOST), \`openai:<model>\` of an OpenAI-compatible server (${openai_url === undefined ? "set ML_ENGINE_OPENAI_URL" : "ML_ENGINE_OPENAI_URL"}), or \`${CLIENT}\`, the client's own where it offers sampling.`;

const hostOf = (address: string) => new URL(address.includes("://") ? address : `http://${address}`).hostname;
const isHere = (address: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/.test(hostOf(address));
