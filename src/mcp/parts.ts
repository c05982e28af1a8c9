import type { Config } from "../config.ts";
import type { Backends } from "../kernel/backends.ts";
import type { ChatModel, ChatOptions, Message, Reply } from "../kernel/chat.ts";
import type { Collections } from "../kernel/collections.ts";
import type { Reranker } from "../kernel/reranker.ts";
import type { Tool } from "../kernel/tool.ts";
import type { Log } from "../log.ts";
import type { AllowedPaths } from "../policy/paths.ts";
import type { Python } from "../runtime/python.ts";
import type { Store } from "../store/store.ts";

/** Everything the server is made of, wired together once in main.ts. */
export interface Parts {
  readonly config: Config;
  readonly tools: readonly Tool[];
  readonly log: Log;
  /** Opens the workspace, on the first request that needs it: starting up takes no lock and migrates nothing. */
  readonly ready: () => Promise<void>;
  readonly store: () => Store;
  readonly paths: () => AllowedPaths;
  readonly collections: Collections;
  readonly backends: Backends;
  readonly chat: (name: string) => ChatModel;
  readonly reranker: (folder: string) => Promise<Reranker>;
  readonly python: Python;
}

/** Who asks: how to tell them how far the work is, and how they stop it. */
export interface Caller {
  readonly signal: AbortSignal;
  readonly progress: ((progress: number, total: number, message: string) => void) | undefined;
  /** Asks the client's own model; undefined where the client offers none. */
  readonly sample: ((messages: readonly Message[], options: ChatOptions) => Reply) | undefined;
  /** W3C `traceparent` of the request, where the client sent one. */
  readonly traceparent: string | undefined;
}
