import { z } from "zod";
import type { ChatModel } from "../../kernel/chat.ts";
import { ToolError } from "../../kernel/errors.ts";
import { failure, within } from "./failure.ts";

const Completion = z.object({
  model: z.string().optional(),
  choices: z
    .array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .min(1),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

export interface OpenAiServer {
  /** Up to and with its version: `http://127.0.0.1:8000/v1`. */
  readonly url: string;
  readonly key: string | undefined;
  readonly seconds: number;
}

/** A model of any server that speaks OpenAI's chat completions: vLLM, llama.cpp, mistral.rs, a provider. */
export function openAiChat(model: string, { url, key, seconds }: OpenAiServer): ChatModel {
  const { host } = new URL(url);
  return {
    name: `openai:${model}`,
    async chat(messages, { max_tokens, temperature, signal }) {
      const limited = within(seconds, signal);
      try {
        const response = await fetch(`${url.replace(/\/+$/, "")}/chat/completions`, {
          method: "POST",
          signal: limited,
          headers: { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${key}` }) },
          body: JSON.stringify({ model, messages, max_tokens, temperature, stream: false }),
        });
        const body = await response.text();
        if (!response.ok) throw refusal(host, model, response.status, body);
        const parsed = Completion.safeParse(json(body));
        const [choice] = parsed.data?.choices ?? [];
        if (!parsed.success || !choice)
          throw new ToolError(
            "failed",
            `The chat server at ${host} did not answer with a completion.`,
            "ML_ENGINE_OPENAI_URL is the address up to its version, such as http://127.0.0.1:8000/v1.",
          );
        return {
          text: choice.message.content ?? "",
          model: parsed.data.model ?? model,
          finish: choice.finish_reason === "length" ? "length" : "stop",
          usage: parsed.data.usage ?? undefined,
        };
      } catch (error) {
        throw failure(error, { where: `The chat server at ${host}`, seconds, signal, limited });
      }
    },
  };
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function refusal(host: string, model: string, status: number, body: string): ToolError {
  const error = said(host, model, status, body);
  error.cause = body.slice(0, 2000);
  return error;
}

function said(host: string, model: string, status: number, body: string): ToolError {
  const where = `The chat server at ${host}`;
  if (status === 401 || status === 403)
    return new ToolError("refused", `${where} wants another key (${status}).`, "Set ML_ENGINE_OPENAI_KEY.");
  if (/context.{0,10}(?:length|window|size)|too (?:long|many tokens)/i.test(body) && status < 500)
    return new ToolError(
      "invalid_input",
      `context_overflow: the prompt is longer than \`${model}\` reads.`,
      "Ask for a smaller token_budget, or name a model with a longer context.",
    );
  if (status === 404)
    return new ToolError("not_found", `${where} has no model \`${model}\` (404).`, `See ${host}'s /models.`);
  if (status === 429) return new ToolError("unavailable", `${where} is asked too often (429).`, "Wait and try again.");
  return new ToolError("failed", `${where} answered ${status}.`, "Its own log says why.");
}
