import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

/** The eras a client may be of: the old handshake through the old and the new SDK, and the newest protocol. */
export const ERAS = ["v1", "v2", "2026-07-28"] as const;
export type Era = (typeof ERAS)[number];

const Content = z.array(
  z.looseObject({
    type: z.string(),
    text: z.string().optional(),
    data: z.string().optional(),
    mimeType: z.string().optional(),
  }),
);
const CallResult = z.looseObject({
  content: Content,
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
});

/** The answer of a call whose job goes on. */
const Running = z.looseObject({ job: z.object({ job_id: z.string() }) });

export interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface Answer {
  /** All text blocks, joined. */
  readonly text: string;
  readonly structured: Record<string, unknown>;
  readonly isError: boolean;
  readonly images: number;
}

/** A connected client of any era, seen through what the tests need. */
export interface TestClient {
  call(
    name: string,
    args?: Record<string, unknown>,
    options?: { onProgress?: (progress: Progress) => void; signal?: AbortSignal; timeout?: number },
  ): Promise<Answer>;
  tools(): Promise<Record<string, unknown>[]>;
  prompts(): Promise<{ name: string; arguments?: { name: string; required?: boolean | undefined }[] | undefined }[]>;
  prompt(name: string, args: Record<string, string>): Promise<string>;
  /** The resource's text, parsed as JSON where it is JSON. */
  read(uri: string): Promise<unknown>;
  templates(): Promise<string[]>;
  complete(ref: { prompt: string } | { template: string }, argument: string, value: string): Promise<string[]>;
  instructions(): string | undefined;
  readonly pid: number;
  close(): Promise<void>;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What a host's own model answers to the last message. */
export type Sampler = (text: string, system: string) => string;

/** Starts a server as a host would and connects to it over stdio; with `sampler` the client offers its model. */
export async function connect(era: Era, launch: Launch, sampler?: Sampler): Promise<TestClient> {
  const server = {
    command: launch.command,
    args: [...launch.args],
    env: inherited(launch.env),
    stderr: "inherit" as const,
    ...(launch.cwd !== undefined && { cwd: launch.cwd }),
  };
  const info = { name: "ml-engine-tests", version: "1.0.0" };
  if (era === "v1") {
    const client = new ClientV1(info, { capabilities: sampler ? { sampling: {} } : {} });
    if (sampler) client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => sampled(params, sampler));
    const transport = new StdioV1(server);
    await client.connect(transport);
    return surface(client, transport, async (params, options) =>
      CallResult.parse(await client.callTool(params, undefined, options)),
    );
  }
  const client = new ClientV2(info, {
    ...(sampler && { capabilities: { sampling: {} } }),
    ...(era !== "v2" && { versionNegotiation: { mode: { pin: era } } }),
  });
  if (sampler) client.setRequestHandler("sampling/createMessage", ({ params }) => sampled(params, sampler));
  const transport = new StdioV2(server);
  await client.connect(transport);
  return surface(client, transport, async (params, options) =>
    CallResult.parse(await client.callTool(params, options)),
  );
}

const Asked = z.looseObject({
  messages: z.array(z.looseObject({ content: z.looseObject({ text: z.string() }) })),
  systemPrompt: z.string().default(""),
});

function sampled(params: unknown, sampler: Sampler) {
  const { messages, systemPrompt } = Asked.parse(params);
  const text = sampler(messages.at(-1)?.content.text ?? "", systemPrompt);
  return { model: "the-hosts-own", role: "assistant" as const, content: { type: "text" as const, text } };
}

type Call = (
  params: { name: string; arguments: Record<string, unknown> },
  options: { onprogress?: (progress: Progress) => void; signal?: AbortSignal; timeout: number },
) => Promise<z.infer<typeof CallResult>>;

function surface(client: ClientV1 | ClientV2, transport: { readonly pid: number | null }, call: Call): TestClient {
  return {
    pid: transport.pid ?? 0,
    async call(name, args = {}, { onProgress, signal, timeout = 100_000 } = {}) {
      const once = (given: Record<string, unknown>) =>
        call(
          { name, arguments: given },
          { timeout, ...(onProgress && { onprogress: onProgress }), ...(signal && { signal }) },
        );
      let answer = await once(args);
      // Who says nothing of waiting means the whole call, however busy the machine is.
      const patient = !("wait_seconds" in args || "job_id" in args);
      for (;;) {
        const running = Running.safeParse(answer.structuredContent);
        if (!(patient && running.success)) break;
        answer = await once({ job_id: running.data.job.job_id, wait_seconds: 45 });
      }
      const { content, structuredContent = {}, isError = false } = answer;
      return {
        text: content.flatMap(({ text }) => text ?? []).join("\n"),
        structured: structuredContent,
        isError,
        images: content.filter(({ type }) => type === "image").length,
      };
    },
    tools: async () => z.array(z.record(z.string(), z.unknown())).parse((await client.listTools()).tools),
    prompts: async () => (await client.listPrompts()).prompts,
    prompt: async (name, args) => {
      const { messages } = await client.getPrompt({ name, arguments: args });
      return messages.map(({ content }) => (content.type === "text" ? content.text : "")).join("\n");
    },
    read: async (uri) => {
      const [first] = (await client.readResource({ uri })).contents;
      if (first === undefined || !("text" in first)) return first;
      return first.mimeType === "application/json" ? JSON.parse(String(first.text)) : first.text;
    },
    templates: async () =>
      (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    complete: async (ref, name, value) => {
      const target =
        "prompt" in ref
          ? { type: "ref/prompt" as const, name: ref.prompt }
          : { type: "ref/resource" as const, uri: ref.template };
      return (await client.complete({ ref: target, argument: { name, value } })).completion.values;
    },
    instructions: () => client.getInstructions(),
    close: () => client.close(),
  };
}

const inherited = (extra: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ),
  ...extra,
});
