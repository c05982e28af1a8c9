/** What a language model that converses is to the rest; one file of `backends/chat/` a kind of server. */

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface ChatOptions {
  /** Of the reply. */
  readonly max_tokens: number;
  readonly temperature: number;
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly text: string;
  /** As its server names it. */
  readonly model: string;
  /** `length` where the reply was cut at `max_tokens`. */
  readonly finish: "stop" | "length";
  /** Tokens as the server counts them; undefined where it does not say. */
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | undefined;
}

export interface ChatModel {
  /** `client`, `ollama:<model>` or `openai:<model>`. */
  readonly name: string;
  /** Throws ToolError; what a server wrote of an error stays in `cause`, for it is a stranger's text. */
  chat(messages: readonly Message[], options: ChatOptions): Promise<Reply>;
}

/** The client's own model, through the protocol. */
export const CLIENT = "client";

/** Between two lines that stand nowhere in the text, so that nothing in it can end it. */
export function fenced(text: string): string {
  let [mark, number] = ["=== passages ===", 1];
  while (text.includes(mark)) {
    number += 1;
    mark = `=== passages ${number} ===`;
  }
  return `${mark}\n${text}\n${mark}`;
}
