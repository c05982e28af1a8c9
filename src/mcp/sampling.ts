import { createHash } from "node:crypto";
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { type ChatModel, type ChatOptions, CLIENT, type Message, type Reply } from "../kernel/chat.ts";
import { ToolError } from "../kernel/errors.ts";
import type { Caller } from "./parts.ts";

/** What a client of the newest protocol says with each request; an older one said it once. */
const Envelope = z.object({ [CLIENT_CAPABILITIES_META_KEY]: z.object({ sampling: z.looseObject({}).optional() }) });

/** Replies by what was asked. */
const Replies = z.record(
  z.string(),
  z.object({ text: z.string(), model: z.string(), finish: z.enum(["stop", "length"]) }),
);
type Replies = z.infer<typeof Replies>;

/**
 * What the client's model must be asked before the call can go on. The newest protocol lets a server ask only by answering,
 * so the call ends here and is made again with the reply; for older clients the SDK asks and makes the call again itself.
 */
export class Unanswered extends Error {
  readonly result: InputRequiredResult;

  constructor(result: InputRequiredResult) {
    super("The client's model has not answered yet.");
    this.result = result;
  }
}

/** How to ask the client's model in this request; undefined where the client offers none. */
export function samplingOf(
  { mcpReq }: ServerContext,
  declared: ClientCapabilities | undefined,
): Caller["sample"] | undefined {
  const offered = Envelope.safeParse(mcpReq.envelope).data?.[CLIENT_CAPABILITIES_META_KEY] ?? declared;
  if (offered?.sampling === undefined) return undefined;
  // The client's own words come back to it: there is nothing in them to protect.
  const known = { ...earlier(mcpReq.requestState()), ...newest(mcpReq.inputResponses) };
  return (messages, { max_tokens, temperature }) => {
    const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
    const asked = {
      messages: messages.flatMap(({ role, content }) =>
        role === "system" ? [] : [{ role, content: { type: "text" as const, text: content } }],
      ),
      maxTokens: max_tokens,
      temperature,
      ...(system.length > 0 && { systemPrompt: system.join("\n\n") }),
    };
    const key = createHash("sha256").update(JSON.stringify(asked)).digest("hex").slice(0, 32);
    const reply = known[key];
    if (reply) return { ...reply, usage: undefined };
    throw new Unanswered(
      inputRequired({
        inputRequests: { [key]: inputRequired.createMessage(asked) },
        requestState: JSON.stringify(known),
      }),
    );
  };
}

function earlier(state: unknown): Replies {
  if (typeof state !== "string") return {};
  try {
    return Replies.catch({}).parse(JSON.parse(state));
  } catch {
    return {};
  }
}

function newest(responses: Record<string, unknown> | undefined): Replies {
  return Object.fromEntries(
    Object.keys(responses ?? {}).flatMap((key) => {
      const view = inputResponse(responses, key);
      if (view.kind !== "sampling") return [];
      const { content, model, stopReason } = view.result;
      const text = [content].flat().flatMap((block) => (block.type === "text" ? [block.text] : []));
      return [[key, { text: text.join("\n"), model, finish: stopReason === "maxTokens" ? "length" : "stop" } as const]];
    }),
  );
}

/** The client's own model, as any other. Throws ToolError where the client offers none, and in a job. */
export function clientModel({ sample }: Caller, isJob: boolean): ChatModel {
  if (isJob)
    throw new ToolError(
      "invalid_input",
      `\`${CLIENT}\`: a job cannot ask the client's model here.`,
      "Name `ollama:<model>`, `openai:<model>`, or one that ml_inference_serve started, as `llamacpp:<model>`.",
    );
  if (!sample)
    throw new ToolError(
      "unavailable",
      `\`${CLIENT}\`: this client does not offer its model (sampling).`,
      "Answer from `context` yourself and check it with `answer_text`, or name `ollama:<model>` or `openai:<model>`.",
    );
  return {
    name: CLIENT,
    chat: async (messages: readonly Message[], options: ChatOptions): Promise<Reply> => sample(messages, options),
  };
}
