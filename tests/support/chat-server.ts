import { createServer } from "node:http";
import { z } from "zod";

const Body = z.looseObject({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  stream: z.boolean().default(false),
});
const Completion = z.looseObject({
  choices: z.tuple([z.looseObject({ message: z.object({ content: z.string() }), finish_reason: z.string() })]),
  usage: z.unknown(),
});
type Heard = z.infer<typeof Body> & { readonly path: string; readonly authorization: string | undefined };

export interface ChatServer {
  readonly url: string;
  /** What it was asked, oldest first. */
  readonly heard: Heard[];
  /** What it answers next: status and JSON; without a script it never answers. */
  script: ((heard: Heard) => { status?: number; body: unknown } | undefined) | undefined;
  close(): void;
}

/** A server on this machine that answers chat requests as it is told to. */
export async function chatServer(): Promise<ChatServer> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    if (request.method !== "POST") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data: [{ id: "scripted" }] }));
      return;
    }
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const one = {
        ...Body.parse(JSON.parse(Buffer.concat(parts).toString())),
        path: request.url ?? "",
        authorization: request.headers.authorization,
      };
      heard.push(one);
      const answer = chat.script?.(one);
      if (!answer) return;
      const streamed = one.stream ? Completion.safeParse(answer.body) : undefined;
      response.writeHead(answer.status ?? 200, {
        "content-type": streamed?.success ? "text/event-stream" : "application/json",
      });
      response.end(streamed?.success ? eventsOf(streamed.data) : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const chat: ChatServer = {
    url: `http://127.0.0.1:${port}`,
    heard,
    script: undefined,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return chat;
}

/** The same answer in one piece of a stream. */
function eventsOf({ choices: [{ message, finish_reason }], usage }: z.infer<typeof Completion>): string {
  const parts = [{ choices: [{ delta: message, finish_reason }] }, { choices: [], usage }];
  return [...parts.map((part) => JSON.stringify(part)), "[DONE]"].map((data) => `data: ${data}\n\n`).join("");
}

/** A completion as OpenAI's API has it. */
export const completion = (text: string, finish = "stop") => ({
  body: {
    model: "scripted-1",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: finish }],
    usage: { prompt_tokens: 10, completion_tokens: 5 },
  },
});
