import type { Embedder } from "../../../kernel/collections.ts";
import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { Answer, QueryParams } from "../query.ts";
import { ask } from "./ask.ts";
import { ground, type Source } from "./ground.ts";

interface From {
  readonly context: string;
  readonly sources: readonly Source[];
  /** Why nothing here may answer: a model is not asked then. */
  readonly warnings: readonly string[];
}

interface Answered {
  readonly answer: NonNullable<Answer["answer"]>;
  readonly warnings: string[];
}

/** The caller's answer or a model's, held against the context. */
export async function answerOf(
  { query, answer: name, answer_text }: Pick<QueryParams, "query" | "answer" | "answer_text">,
  { context, sources, warnings: doubts }: From,
  embedder: Embedder,
  ports: Ports,
): Promise<Answered | undefined> {
  if (name !== undefined && answer_text !== undefined)
    throw new ToolError("invalid_input", "`answer` asks a model and `answer_text` is yours: give one of them.");
  if (answer_text !== undefined) {
    const grounded = await ground(answer_text, sources, embedder, ports.signal);
    return { answer: { text: answer_text, model: null, ...grounded }, warnings: [] };
  }
  if (name === undefined) return undefined;
  const model = ports.chat(name);
  if (doubts.length > 0 || sources.length === 0)
    return {
      answer: {
        text: "The collection does not answer this.",
        model: null,
        claims: [],
        grounded: null,
        abstained: true,
      },
      warnings: sources.length === 0 && doubts.length === 0 ? ["No result fits into the token budget."] : [],
    };
  const { text, model: named, warnings } = await ask(query, context, model, ports.signal);
  const grounded = await ground(text, sources, embedder, ports.signal);
  const unsupported = grounded.claims.filter(({ verdict }) => verdict !== "supported").length;
  return {
    answer: { text, model: named, ...grounded },
    warnings: [
      ...warnings,
      ...(unsupported > 0
        ? [`${unsupported} of ${grounded.claims.length} claims of the answer are not what the context says.`]
        : []),
    ],
  };
}
