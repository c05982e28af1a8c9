/** Reads a question and a text together and says how well the text answers: slower than vectors, and better. */
export interface Reranker {
  readonly name: string;
  /** One score a text, in their order; higher is better. */
  score(question: string, texts: readonly string[], signal: AbortSignal): Promise<readonly number[]>;
}
