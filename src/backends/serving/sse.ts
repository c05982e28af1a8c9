/** The `data:` payloads of a stream of server-sent events (WHATWG HTML §9.2), whole whatever pieces they come in. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  for await (const line of lines(body)) if (line.startsWith("data:")) yield line.slice("data:".length).trimStart();
}

/** Lines of a stream; a letter that two pieces share is put together again. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r/);
    rest = parts.pop() ?? "";
    yield* parts;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
