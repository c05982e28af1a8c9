import { z } from "zod";
import type { Collection, Collections } from "../../kernel/collections.ts";
import { ToolError } from "../../kernel/errors.ts";
import { newName } from "../../kernel/fields.ts";

/** Passages are asked for by number and budget: they come whole. */
export const RESULT_CHARACTERS = 400_000;

export const DEFAULT_MODEL = "all-MiniLM-L6-v2";

export const collection = () => newName("Its name.");

/** A collection that must be there. */
export async function opened(name: string, collections: Collections): Promise<Collection> {
  const found = await collections.open(name);
  if (found) return found;
  throw noCollection(name, await collections.names());
}

export const noCollection = (name: string, names: readonly string[]) =>
  new ToolError(
    "not_found",
    `collection: there is no collection \`${name}\`.`,
    names.length > 0 ? `There are: ${names.slice(0, 10).join(", ")}.` : "Make one with ml_rag_ingest.",
  );

const Strings = z.array(z.string());

/** A list of texts that a row keeps as JSON. */
export const strings = (json: string): string[] => Strings.parse(JSON.parse(json));
