const PATIENCE_MS = 1000;

/** The names of the models that the Ollama server at `OLLAMA_HOST` (this machine by default) has; undefined where none answers in a second. */
export async function ollamaModels(env: NodeJS.ProcessEnv): Promise<readonly string[] | undefined> {
  const { Ollama } = await import("ollama");
  const host = env["OLLAMA_HOST"];
  const impatient: typeof fetch = (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
  try {
    const { models } = await new Ollama({ ...(host && { host }), fetch: impatient }).list();
    return models.map(({ name }) => name);
  } catch {
    return undefined;
  }
}
