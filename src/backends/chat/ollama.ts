import type { ChatModel, Message, Reply } from "../../kernel/chat.ts";
import { ToolError } from "../../kernel/errors.ts";
import { failure, within } from "./failure.ts";

/** Characters of a token at the fewest seen in prose; what does not fit is found out after. */
const CHARACTERS_A_TOKEN = 2.5;
const CONTEXT_STEP = 1024;

export interface OllamaServer {
  readonly host: string;
  readonly seconds: number;
}

/**
 * A model of an Ollama server. Ollama cuts a prompt that is too long and says nothing, so the context is asked for as long
 * as the prompt needs, and what was read is compared with what was sent.
 */
export function ollamaChat(model: string, { host, seconds }: OllamaServer): ChatModel {
  const where = `Ollama at ${new URL(host).host}`;
  return {
    name: `ollama:${model}`,
    async chat(messages, { max_tokens, temperature, signal }): Promise<Reply> {
      const { Ollama } = await import("ollama");
      const limited = within(seconds, signal);
      const limitedFetch: typeof fetch = (input, init) => fetch(input, { ...init, signal: limited });
      const client = new Ollama({ host, fetch: limitedFetch });
      try {
        const answer = await client.chat({
          model,
          messages: messages.map((message) => ({ ...message })),
          options: { num_predict: max_tokens, temperature, num_ctx: contextFor(messages, max_tokens) },
        });
        if (answer.prompt_eval_count !== undefined && answer.prompt_eval_count < fewestTokens(messages))
          throw new ToolError(
            "invalid_input",
            `context_overflow: \`${model}\` read ${answer.prompt_eval_count} tokens of a prompt that has at least ${fewestTokens(messages)}.`,
            "Ask for a smaller token_budget, or name a model with a longer context.",
          );
        return {
          text: answer.message.content,
          model: answer.model,
          finish: answer.done_reason === "length" ? "length" : "stop",
          usage:
            answer.prompt_eval_count === undefined
              ? undefined
              : { prompt_tokens: answer.prompt_eval_count, completion_tokens: answer.eval_count },
        };
      } catch (error) {
        throw told(error, model, where) ?? failure(error, { where, seconds, signal, limited });
      }
    },
  };
}

function told(error: unknown, model: string, where: string): ToolError | undefined {
  const status = error instanceof Error && "status_code" in error ? error.status_code : undefined;
  if (typeof status !== "number") return undefined;
  const said =
    status === 404
      ? new ToolError("not_found", `${where} has no model \`${model}\`.`, `\`ollama pull ${model}\` brings it.`)
      : new ToolError("failed", `${where} answered ${status}.`, "Its own log says why.");
  said.cause = error;
  return said;
}

const contextFor = (messages: readonly Message[], reply: number) => {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  return Math.ceil((characters / CHARACTERS_A_TOKEN + reply) / CONTEXT_STEP) * CONTEXT_STEP;
};

/** No tokenizer joins words, so a text has at least as many tokens. */
const fewestTokens = (messages: readonly Message[]) =>
  messages.reduce((sum, { content }) => sum + content.split(/\s+/).filter((word) => word !== "").length, 0);
