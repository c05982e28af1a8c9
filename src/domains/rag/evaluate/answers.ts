import type { Collection, Embedder } from "../../../kernel/collections.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { mean } from "../../../kernel/statistics.ts";
import type { Evaluated, EvaluateParams } from "../evaluate.ts";
import { ask } from "../query/ask.ts";
import { contextOf, sourcesOf } from "../query/context.ts";
import { CANDIDATES, findOne } from "../query/find.ts";
import { ground } from "../query/ground.ts";
import { type Judge, judgeOf } from "./judge.ts";

/** Of the context that answers are held against. */
const CONTEXT_TOKENS = 2000;
/** Of statements against likeness, in answer correctness. */
const [FACTS, LIKENESS] = [0.75, 0.25];

type Scores = Record<string, number | undefined>;
type Case = EvaluateParams["queries"][number] & { readonly answer: string };

/**
 * The measures of RAGAS (Es et al. 2024, as its version 0.3 defines them) on answers that were given, or that `answer` writes
 * now. `grounded` needs no judge: it is the share of claims that the context supports by ml_rag_query's own check.
 */
export async function answersOf(
  params: EvaluateParams,
  collection: Collection,
  embedder: Embedder,
  ports: Ports,
): Promise<Evaluated["answers"]> {
  const { answer: writer, judge: named } = params;
  const judge = named === undefined ? undefined : judgeOf(ports.chat(named), ports.signal);
  const model = writer === undefined ? undefined : ports.chat(writer);
  if (!model && params.queries.every(({ answer }) => answer === undefined)) return null;
  const scored: NonNullable<Evaluated["answers"]>["each"] = [];
  for (const query of params.queries) {
    ports.signal.throwIfAborted();
    const { passages, context, sources } = await contextFor(query.text, params, collection, embedder, ports.signal);
    const answer = query.answer ?? (model && (await ask(query.text, context, model, ports.signal)).text);
    if (answer === undefined) continue;
    const one = { ...query, answer };
    const { grounded } = await ground(answer, sources, embedder, ports.signal);
    const scores: Scores = {
      grounded: grounded ?? undefined,
      ...(judge && (await judged(one, passages, context, judge, embedder, ports.signal))),
    };
    scored.push({
      id: query.id,
      answer,
      scores: Object.fromEntries(Object.entries(scores).map(([name, value]) => [name, value ?? null])),
    });
    ports.progress(scored.length, params.queries.length, "judging answers");
  }
  const names = [...new Set(scored.flatMap(({ scores }) => Object.keys(scores)))];
  const values = (name: string) => scored.flatMap(({ scores }) => scores[name] ?? []);
  return {
    judge: named ?? null,
    answered: scored.length,
    metrics: Object.fromEntries(names.flatMap((name) => (values(name).length > 0 ? [[name, mean(values(name))]] : []))),
    unscored: Object.fromEntries(names.map((name) => [name, scored.length - values(name).length])),
    each: scored,
  };
}

async function contextFor(
  text: string,
  { k, strategy }: Pick<EvaluateParams, "k" | "strategy">,
  collection: Collection,
  embedder: Embedder,
  signal: AbortSignal,
) {
  const asked = { strategy, k, candidates: Math.max(CANDIDATES, k) };
  const { hits } = await findOne(text, asked, collection, embedder, signal);
  const passages = hits.map((hit) => ({ ...hit, passage: hit.text, from: hit.start }));
  const context = contextOf(passages, CONTEXT_TOKENS, embedder.count);
  return { context: context.text, passages: hits.map((hit) => hit.text), sources: sourcesOf(passages, context) };
}

async function judged(
  { text: question, answer, reference }: Case,
  passages: readonly string[],
  context: string,
  judge: Judge,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Scores> {
  const said = await judge.statements(question, answer);
  const wanted = reference === undefined ? undefined : await judge.statements(question, reference);
  return {
    faithfulness: said && shareOf(await judge.follow(said, context)),
    answer_relevancy: await relevancy(question, answer, judge, embedder, signal),
    context_precision: precisionOf(await judge.useful(question, reference ?? answer, passages)),
    ...(reference !== undefined && {
      context_recall: wanted && shareOf(await judge.follow(wanted, context)),
      answer_correctness:
        said && wanted && (await correctness(said, wanted, { answer, reference }, judge, embedder, signal)),
    }),
  };
}

/** Mean cosine of the question with questions that the answer would answer; 0 where it evades. */
async function relevancy(question: string, answer: string, judge: Judge, embedder: Embedder, signal: AbortSignal) {
  const read = await judge.questions(answer);
  if (!read) return undefined;
  if (read.evades) return 0;
  const [own, ...others] = await embedder.embed([question, ...read.questions], "query", signal);
  return own && mean(others.map((other) => cosine(own, other)));
}

/** F1 of the statements that both make, three parts, and how alike the texts are, one part. */
async function correctness(
  said: readonly string[],
  wanted: readonly string[],
  { answer, reference }: { answer: string; reference: string },
  judge: Judge,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<number | undefined> {
  const right = await judge.follow(said, reference);
  const found = await judge.follow(wanted, answer);
  const [one, other] = await embedder.embed([answer, reference], "document", signal);
  if (!right || !found || !one || !other) return undefined;
  const hits = right.filter(Boolean).length;
  const wrong = right.length - hits;
  const missing = found.filter((there) => !there).length;
  const f1 = hits === 0 ? 0 : hits / (hits + 0.5 * (wrong + missing));
  return FACTS * f1 + LIKENESS * cosine(one, other);
}

/** Mean precision at each useful passage, as average precision has it. */
export function precisionOf(useful: readonly boolean[] | undefined): number | undefined {
  if (!useful || useful.length === 0) return undefined;
  const at = useful.flatMap((good, place) =>
    good ? [useful.slice(0, place + 1).filter(Boolean).length / (place + 1)] : [],
  );
  return mean(at);
}

const shareOf = (flags: readonly boolean[] | undefined) =>
  flags && flags.length > 0 ? flags.filter(Boolean).length / flags.length : undefined;

const cosine = (one: Float32Array, other: Float32Array) =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
