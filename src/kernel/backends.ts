import type { Message } from "./chat.ts";

/** What servers of language models are to the rest; one file of `backends/serving/` a kind. */

export const SERVED_BY = ["llamacpp", "ollama", "candle", "vllm", "openai"] as const;
export type ServedBy = (typeof SERVED_BY)[number];

/** Text as it arrived. */
export interface Piece {
  readonly text: string;
  /** Since the request was sent, milliseconds. */
  readonly at_ms: number;
}

export interface Asked {
  /** Either a prompt as it is, or messages that the model's template turns into one. */
  readonly prompt: string | undefined;
  readonly messages: readonly Message[] | undefined;
  readonly max_tokens: number;
  readonly temperature: number;
  readonly seed: number;
  /** Goes on to `max_tokens` whatever the model would end with, where the server can. */
  readonly ignore_eos?: boolean;
  /** JSON Schema that the answer to messages is held to. */
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly onPiece?: (piece: Piece) => void;
}

export interface Generated {
  readonly text: string;
  readonly pieces: readonly Piece[];
  readonly finish_reason: "stop" | "length";
  /** As the server counts; undefined where it does not say. */
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | undefined;
  /** From the request to the stream's end. */
  readonly total_ms: number;
}

/** One server of language models that runs, ours or not. */
export interface Backend {
  readonly kind: ServedBy;
  /** Its OpenAI-compatible address, up to and with its version. */
  readonly url: string;
  /** What it asks for to be let in. */
  readonly key: string | undefined;
  isHealthy(signal: AbortSignal): Promise<boolean>;
  models(signal: AbortSignal): Promise<readonly string[]>;
  /** Streams. Throws ToolError; a prompt that does not fit is `context_overflow`, never cut. */
  generate(model: string, asked: Asked): Promise<Generated>;
  embed(model: string, texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[])[]>;
  /** A text's tokens as the model has them. Throws ToolError where the server does not tell. */
  tokenize(model: string, text: string, signal: AbortSignal): Promise<readonly number[]>;
  /** What the server counts, by its own names (Prometheus); nothing where it counts nothing. */
  metrics(signal: AbortSignal): Promise<Readonly<Record<string, number>>>;
}

export const KV_TYPES = ["f16", "q8_0", "q4_0"] as const;

/** How a server is started. */
export interface ServeSettings {
  /** Of one request, its answer included. */
  readonly context_tokens: number;
  readonly threads: number;
  /** Requests worked on at once. */
  readonly parallel: number;
  /** Tokens of a prompt computed at once. */
  readonly batch_tokens: number;
  /** Of the cache of keys and values. */
  readonly kv_type: (typeof KV_TYPES)[number];
  readonly gpu_layers: number;
  /** Whether what two prompts begin with is computed once. */
  readonly prompt_cache: boolean;
}

/** A server that an ML Engine of this workspace started. */
export interface Serving {
  readonly id: string;
  readonly backend: ServedBy;
  /** As it is asked for by name. */
  readonly model: string;
  /** The LoRA adapter on it, by its path. */
  readonly adapter: string | null;
  readonly url: string;
  readonly pid: number;
  readonly started: string;
  readonly settings: ServeSettings;
}

export const MODEL_FORMATS = ["gguf", "safetensors", "onnx"] as const;

/** What a model's files say of themselves in their headers. */
export interface ModelFile {
  readonly path: string;
  readonly format: (typeof MODEL_FORMATS)[number];
  readonly architecture: string;
  readonly parameters: number;
  readonly bytes: number;
  /** The type that most weights have. */
  readonly quantization: string;
  /** That it was trained for; undefined where it does not say. */
  readonly context_tokens: number | undefined;
  /** Of keys and values in 16 bits; undefined where its shape is not said. */
  readonly kv_bytes_per_token: number | undefined;
  readonly license: string | undefined;
  readonly has_chat_template: boolean;
}

export interface Fit {
  readonly fits: boolean;
  readonly needed_bytes: number;
  readonly available_bytes: number;
  readonly weights_bytes: number;
  readonly kv_bytes: number;
  readonly overhead_bytes: number;
}

/** A program that serves models, where it is; `remedy` adds it where it is not. */
export interface Program {
  readonly backend: ServedBy;
  readonly path: string | null;
  readonly remedy: string | null;
}

/** A server that answers, and the name its model has there. */
export interface Attached {
  readonly backend: Backend;
  readonly model: string;
  readonly serving: Serving | undefined;
}

/** Where to look for a model that is served. */
export interface Where {
  readonly backend?: ServedBy | undefined;
  /** Its name, or the path of its files. */
  readonly model?: string | undefined;
  readonly url?: string | undefined;
}

export interface Backends {
  programs(): readonly Program[];
  /** Those this workspace started and that run, whichever process started them. */
  serving(): readonly Serving[];
  /** One that runs: ours, at `url`, or at the kind's usual address. Throws ToolError where none answers. */
  attach(where: Where, signal: AbortSignal): Promise<Attached>;
  /** Starts a model, or answers what serves it already. Throws ToolError where it does not fit or does not start. */
  start(
    backend: ServedBy,
    model: string,
    settings: Partial<ServeSettings>,
    report: { readonly signal: AbortSignal; progress(note: string): void },
    adapter?: string,
  ): Promise<{ readonly serving: Serving; readonly attached: boolean; readonly fit: Fit }>;
  /** Ends a server of ours and all it started. */
  stop(id: string): Promise<void>;
  /** The last lines a server of ours wrote. */
  log(id: string): string;
  /** Memory that a server of ours has taken, bytes; undefined where the system does not say. */
  memory(id: string): number | undefined;
  /** What a model's files say, by the path of a file or folder, or by the name of one that set-up brings. */
  inspect(model: string): Promise<ModelFile>;
  /** SHA-256 of a model's weights, hex: of the file, or over the files' in the order of their names. */
  digest(file: ModelFile, signal: AbortSignal): Promise<string>;
  /** The settings a start would take, and whether the model fits so. */
  plan(backend: ServedBy, file: ModelFile, settings: Partial<ServeSettings>): { settings: ServeSettings; fit: Fit };
  /** Models that set-up brings, by name. */
  bundled(): readonly string[];
}
