import type { Attached, Generated, ServedBy } from "../../../kernel/backends.ts";
import { CLIENT } from "../../../kernel/chat.ts";
import { needed, ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { Served, ServeParams } from "../serve.ts";
import { nameOf } from "./models.ts";

const PROGRESS_MS = 100;

/** Who answered, by the names a person knows. */
const answererOf = ({ backend, model, serving }: Attached, { catalog }: Ports) => ({
  backend: backend.kind,
  model: serving ? nameOf(serving.model, catalog) : model,
  url: backend.url,
});

/** What is asked of a server; the client's own model is asked through the protocol. */
export type LocalParams = Omit<ServeParams, "backend"> & { readonly backend?: ServedBy | undefined };

/** The client's own model (MCP sampling). It streams nothing and counts nothing. */
export async function askClient(params: ServeParams, ports: Ports): Promise<Partial<Served>> {
  const { action, max_tokens, temperature } = params;
  if (action !== "chat" && action !== "generate")
    throw new ToolError("invalid_input", `backend: \`${CLIENT}\` takes chat and generate, not \`${action}\`.`);
  const messages =
    action === "chat"
      ? needed(params.messages, "messages", action)
      : [{ role: "user" as const, content: needed(params.prompt, "prompt", action) }];
  const reply = await ports.chat(CLIENT).chat(messages, { max_tokens, temperature, signal: ports.signal });
  return { backend: CLIENT, model: reply.model, text: reply.text, finish_reason: reply.finish };
}

/** `generate` and `chat`: streams, and says how far it is with the text so far. */
export async function speak(params: LocalParams, ports: Ports): Promise<Partial<Served>> {
  const { action, max_tokens, temperature, seed } = params;
  const prompt = action === "generate" ? needed(params.prompt, "prompt", "generate") : undefined;
  const messages = action === "chat" ? needed(params.messages, "messages", "chat") : undefined;
  const attached = await ports.backends.attach(params, ports.signal);
  let [text, count, told] = ["", 0, 0];
  const generated = await attached.backend.generate(attached.model, {
    prompt,
    messages,
    max_tokens,
    temperature,
    seed,
    ...(params.schema && { schema: params.schema }),
    signal: ports.signal,
    onPiece: (piece) => {
      text += piece.text;
      count += 1;
      if (piece.at_ms - told < PROGRESS_MS) return;
      told = piece.at_ms;
      ports.progress(Math.min(count, max_tokens), max_tokens, text);
    },
  });
  return {
    ...answererOf(attached, ports),
    text: generated.text,
    finish_reason: generated.finish_reason,
    usage: generated.usage ?? null,
    timings: timingsOf(generated),
  };
}

/** Speed as it was seen from here; a server may send several tokens as one piece, so its own count is taken. */
export function timingsOf({ pieces, usage, total_ms }: Generated): NonNullable<Served["timings"]> {
  const first = pieces[0]?.at_ms ?? null;
  const last = pieces.at(-1)?.at_ms ?? null;
  const after = (usage?.completion_tokens ?? pieces.length) - 1;
  const took = first === null || last === null ? 0 : last - first;
  return { ttft_ms: first, tokens_per_second: after > 0 && took > 0 ? (1000 * after) / took : null, total_ms };
}

export async function embed(params: LocalParams, ports: Ports): Promise<Partial<Served>> {
  const input = needed(params.input, "input", "embed");
  const attached = await ports.backends.attach(params, ports.signal);
  return {
    ...answererOf(attached, ports),
    embeddings: (await attached.backend.embed(attached.model, [input].flat(), ports.signal)).map((one) => [...one]),
  };
}

export async function tokenize(params: LocalParams, ports: Ports): Promise<Partial<Served>> {
  const prompt = needed(params.prompt, "prompt", "tokenize");
  const attached = await ports.backends.attach(params, ports.signal);
  return {
    ...answererOf(attached, ports),
    tokens: [...(await attached.backend.tokenize(attached.model, prompt, ports.signal))],
  };
}
