import { createHash } from "node:crypto";
import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ModelFile } from "../../kernel/backends.ts";

/** SHA-256 of a file, hex; read in pieces. */
export async function sha256(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash, { signal });
  return hash.digest("hex");
}

/** Of a model's weights: its file's, or that of its files' names and hashes in the order of the names. */
export async function digestOf({ path, format }: ModelFile, signal: AbortSignal): Promise<string> {
  if (format !== "safetensors") return await sha256(path, signal);
  const hash = createHash("sha256");
  for (const name of readdirSync(path).sort())
    if (name.endsWith(".safetensors")) hash.update(`${name} ${await sha256(join(path, name), signal)}\n`);
  return hash.digest("hex");
}
