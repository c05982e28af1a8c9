import { connect } from "@lancedb/lancedb";
import { z } from "zod";

const Vector = z.custom<{ toArray(): Float32Array }>(
  (value) => typeof value === "object" && value !== null && "toArray" in value,
);
const Chunk = z.object({
  id: z.string(),
  document: z.string(),
  text: z.string(),
  start: z.number(),
  end: z.number(),
  vector: Vector,
});
const Document = z.object({ id: z.string(), hash: z.string(), text: z.string(), chunks: z.number() });

/** Everything a collection holds, in one order. */
export async function rowsOf(uri: string, name: string, options: Record<string, string> = {}) {
  const lance = await connect(uri, { readConsistencyInterval: 0, storageOptions: options });
  const read = async (table: string): Promise<unknown[]> => await (await lance.openTable(table)).query().toArray();
  const chunks = (await read(name)).map((row) => {
    const { vector, ...rest } = Chunk.parse(row);
    return { ...rest, vector: [...vector.toArray()] };
  });
  const documents = (await read(`${name}.documents`)).map((row) => Document.parse(row));
  lance.close();
  const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
  return { documents: documents.sort(byId), chunks: chunks.sort(byId) };
}
