import { z } from "zod";
import type { Embedder } from "../../kernel/collections.ts";
import { ToolError } from "../../kernel/errors.ts";
import { prefixesOf } from "./prefixes.ts";
import { unit } from "./vectors.ts";

/** A server that embeds texts. */
export interface EmbeddingServer {
  /** As the collection records it. */
  readonly name: string;
  readonly max_tokens: number;
  /** Tokens of a text, as near as can be told without the model's own tokenizer. */
  readonly count: (text: string) => number;
  /** Vectors of texts, in their order. */
  request(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[])[]>;
}

const TEXTS_AT_ONCE = 64;
const REQUEST_SECONDS = 300;
const Vectors = z.array(z.array(z.number()).min(1)).min(1);

/** An embedder by a server, whose first answer says how many dimensions its vectors have. */
export async function openServerEmbedder(server: EmbeddingServer): Promise<Embedder> {
  const prefixes = prefixesOf(server.name);
  const ask = async (texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> => {
    const limit = AbortSignal.timeout(REQUEST_SECONDS * 1000);
    const vectors = Vectors.safeParse(await server.request(texts, signal ? AbortSignal.any([signal, limit]) : limit));
    if (!vectors.success || vectors.data.length !== texts.length)
      throw new ToolError("failed", `embedding: the server of ${server.name} did not answer one vector for each text.`);
    return vectors.data.map((vector) => unit(Float32Array.from(vector)));
  };
  const [first] = await ask(["dimensions"]);
  const dimensions = first?.length ?? 0;
  return {
    name: server.name,
    dimensions,
    ...prefixes,
    max_tokens: server.max_tokens,
    count: server.count,
    embed: async (texts, as, signal) => {
      const prefix = as === "query" ? prefixes.query_prefix : prefixes.document_prefix;
      const vectors: Float32Array[] = [];
      for (let from = 0; from < texts.length; from += TEXTS_AT_ONCE) {
        signal?.throwIfAborted();
        vectors.push(
          ...(await ask(
            texts.slice(from, from + TEXTS_AT_ONCE).map((text) => prefix + text),
            signal,
          )),
        );
      }
      const other = vectors.find(({ length }) => length !== dimensions);
      if (other)
        throw new ToolError(
          "conflict",
          `embedding: ${server.name} gave vectors of ${other.length} dimensions after ${dimensions}.`,
          "Its server may have changed the model: make another collection.",
        );
      return vectors;
    },
  };
}
