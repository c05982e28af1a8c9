import { connect } from "@lancedb/lancedb";
import { z } from "zod";
import { chunkOf, Vector } from "../../../src/collections/rows.ts";

const Chunk = z.object({ id: z.string(), document: z.string(), vector: Vector });
const Document = z.object({ id: z.string(), hash: z.string(), text: z.string(), chunks: z.number() });

/** Everything a collection holds, in one order. */
export async function rowsOf(uri: string, name: string, options: Record<string, string> = {}) {
  const lance = await connect(uri, { readConsistencyInterval: 0, storageOptions: options });
  const read = async (table: string): Promise<unknown[]> => await (await lance.openTable(table)).query().toArray();
  const chunks = (await read(name)).map((row) => {
    const { vector, ...rest } = Chunk.parse(row);
    const { text, start, end } = chunkOf(row);
    return { ...rest, text, start, end, vector: [...vector.toArray()] };
  });
  const documents = (await read(`${name}.documents`)).map((row) => Document.parse(row));
  lance.close();
  const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
  return { documents: documents.sort(byId), chunks: chunks.sort(byId) };
}
