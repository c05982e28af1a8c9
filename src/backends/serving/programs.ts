import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Program, ServedBy } from "../../kernel/backends.ts";
import { candle } from "./candle.ts";
import { llamacpp } from "./llamacpp.ts";
import { ollama } from "./ollama.ts";
import type { Recipe } from "./recipe.ts";
import { vllm } from "./vllm.ts";

/** Kinds of server that can be started. */
export const RECIPES = { llamacpp, ollama, candle, vllm } as const satisfies Partial<Record<ServedBy, Recipe>>;
export type Startable = keyof typeof RECIPES;

export const isStartable = (kind: ServedBy): kind is Startable => kind in RECIPES;
export const STARTABLE = Object.keys(RECIPES).filter((kind): kind is Startable => kind in RECIPES);

/** Where each program is: set-up's, else the one on the PATH. */
export const programsOf = (root: string, path: string | undefined): readonly Program[] =>
  STARTABLE.map((backend) => {
    const { program, onPath } = RECIPES[backend];
    const places = [
      join(root, ".cache/backends", backend, program),
      ...(onPath === undefined ? [] : (path ?? "").split(delimiter).map((folder) => join(folder, onPath))),
    ];
    const found = places.find(isProgram) ?? null;
    return { backend, path: found, remedy: found === null ? `npm run setup -- --with ${backend}` : null };
  });

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
