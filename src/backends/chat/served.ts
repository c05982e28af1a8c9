import { type Backends, SERVED_BY } from "../../kernel/backends.ts";
import type { ChatModel } from "../../kernel/chat.ts";
import { within } from "./failure.ts";

/** The servers that run. */
export type Served = Pick<Backends, "serving" | "attach">;

/** A model of a server that this workspace started. */
export function servedChat(name: string, kind: string, model: string, backends: Served, seconds: number): ChatModel {
  return {
    name,
    async chat(messages, { max_tokens, temperature, signal }) {
      const where = { backend: SERVED_BY.find((one) => one === kind), model };
      const attached = await backends.attach(where, signal);
      const { text, finish_reason, usage } = await attached.backend.generate(attached.model, {
        prompt: undefined,
        messages,
        max_tokens,
        temperature,
        seed: 0,
        signal: within(seconds, signal),
      });
      return { text, model: attached.model, finish: finish_reason, usage };
    },
  };
}
