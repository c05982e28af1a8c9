import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { z } from "zod";

const Asked = z.object({ model: z.string(), input: z.array(z.string()).default([]), truncate: z.boolean().optional() });
export type Asked = z.output<typeof Asked>;
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** A server on loopback that answers as `reply` says, and what it was asked. */
export async function scripted(reply: (path: string, asked: Asked, count: number) => Reply) {
  const asked: { path: string; key: string | undefined; body: Asked }[] = [];
  const server = createServer(async (request, response) => {
    const body = Asked.parse(JSON.parse(await whole(request)));
    const path = request.url ?? "";
    asked.push({ path, key: request.headers.authorization, body });
    const { status, body: answer, headers } = reply(path, body, asked.length);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = z.object({ port: z.number() }).parse(server.address() satisfies AddressInfo | string | null);
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

async function whole(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Words as directions of 16 dimensions: texts with a word in common lie near each other. */
export function vectorOf(text: string): number[] {
  const vector = new Array<number>(16).fill(0.01);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const place = createHash("sha256").update(word).digest()[0] ?? 0;
    vector[place % 16] = (vector[place % 16] ?? 0) + 1;
  }
  return vector;
}

/** A server that speaks OpenAI's `/embeddings`. */
export const openAi = (_: string, { input }: Asked): Reply => ({
  status: 200,
  body: { data: input.map((text, index) => ({ index, embedding: vectorOf(text) })) },
});
