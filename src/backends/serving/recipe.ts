import type { Backend, ModelFile, ServeSettings } from "../../kernel/backends.ts";
import type { AdapterFile } from "../models/adapter.ts";

/** How a kind of server is started; one file of this folder each. */
export interface Recipe {
  /** Its program in the folder that set-up makes. */
  readonly program: string;
  /** As it is called where the system has it; undefined where only set-up's will do. */
  readonly onPath: string | undefined;
  readonly formats: readonly ModelFile["format"][];
  /** What it takes a LoRA adapter as; undefined where it takes none. */
  readonly adapters?: "gguf" | "safetensors";
  /** The longest it was seen to take before it answers, with room, seconds. */
  readonly ready_seconds: number;
  command(program: string, model: Model, settings: ServeSettings, port: number): Command;
  client(url: string, settings: ServeSettings): Backend;
  /** What is left to do once it answers. */
  prepare?(url: string, model: Model, signal: AbortSignal): Promise<void>;
}

export interface Model {
  readonly file: ModelFile;
  readonly adapter: AdapterFile | undefined;
  /** The name it is to have at the server. */
  readonly name: string;
  /** Where a server may keep what it makes of a model. */
  readonly store: string;
}

export interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export const HOST = "127.0.0.1";
