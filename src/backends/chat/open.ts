import { type ChatModel, CLIENT } from "../../kernel/chat.ts";
import { ToolError } from "../../kernel/errors.ts";
import { ollamaChat } from "./ollama.ts";
import { openAiChat } from "./openai.ts";

export interface ChatSettings {
  readonly openai_url: string;
  readonly openai_key?: string | undefined;
  readonly ollama_url: string;
  readonly call_seconds: number;
  readonly offline: boolean;
}

/** `openai:<model>`, `ollama:<model>`; a model's name alone is one of Ollama's. */
export function openChat(name: string, settings: ChatSettings): ChatModel {
  const [, kind = "ollama", model = ""] = /^(?:(openai|ollama):)?(.*)$/s.exec(name) ?? [];
  if (model === "") throw new ToolError("invalid_input", `There is no model's name in \`${name}\`.`, WAYS);
  const { openai_url, openai_key: key, ollama_url, call_seconds: seconds } = settings;
  const url = kind === "openai" ? openai_url : ollama_url;
  if (settings.offline && !isHere(url))
    throw new ToolError(
      "unavailable",
      `\`${name}\`: this server is offline (--offline), and ${new URL(url).hostname} is another machine.`,
      WAYS,
    );
  return kind === "openai" ? openAiChat(model, { url, key, seconds }) : ollamaChat(model, { host: url, seconds });
}

const WAYS = `Models are \`ollama:<model>\` (setting ollama_url), \`openai:<model>\` of an OpenAI-compatible server (openai_url), or \`${CLIENT}\`, the client's own where it offers sampling.`;

const isHere = (url: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
