import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What a scripted server sends, in order: bytes as they are, or a pause in milliseconds. */
export type Script = readonly (string | Uint8Array | number)[];

export interface StreamingServer {
  /** Up to and with its version. */
  readonly url: string;
  script: Script;
  status: number;
  /** Whether the connection is cut at the script's end. */
  cut: boolean;
  readonly asked: unknown[];
  /** Of each answer, the milliseconds from the request's arrival to each part that was sent. */
  readonly sent: number[][];
  close(): void;
}

/** An OpenAI-compatible server on this machine that streams as it is told to. */
export async function streamingServer(): Promise<StreamingServer> {
  const asked: unknown[] = [];
  const sent: number[][] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (request.url === "/v1/models") {
        response.end(JSON.stringify({ data: [{ id: "scripted" }] }));
        return;
      }
      if (request.method !== "POST") {
        response.writeHead(404).end();
        return;
      }
      asked.push(JSON.parse(Buffer.concat(parts).toString()));
      void play(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const scripted: StreamingServer = {
    url: `http://127.0.0.1:${port}/v1`,
    script: [],
    status: 200,
    cut: false,
    asked,
    sent,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return scripted;

  async function play(response: ServerResponse): Promise<void> {
    const began = performance.now();
    response.writeHead(scripted.status, { "content-type": "text/event-stream" });
    response.flushHeaders();
    const moments: number[] = [];
    for (const part of scripted.script) {
      if (typeof part === "number") await sleep(part);
      else {
        moments.push(performance.now() - began);
        await new Promise<void>((resolve) => response.write(part, () => resolve()));
      }
    }
    sent.push(moments);
    if (scripted.cut) response.destroy();
    else response.end();
  }
}

/** One event of a stream of chat completions. */
export const event = (body: unknown) => `data: ${JSON.stringify(body)}\n\n`;
export const said = (content: string, finish_reason: string | null = null) =>
  event({ choices: [{ index: 0, delta: { content }, finish_reason }] });
export const counted = (prompt_tokens: number, completion_tokens: number) =>
  event({ choices: [], usage: { prompt_tokens, completion_tokens } });
export const DONE = "data: [DONE]\n\n";
