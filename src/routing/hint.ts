import MiniSearch from "minisearch";
import type { Domain } from "../kernel/domain.ts";
import type { Tool } from "../kernel/tool.ts";
import { certain, likely, notYet, stems } from "./words.ts";

/** What the hint needs of a workflow. */
export interface Routable {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly steps: readonly { readonly tool: Tool }[];
}

/** Where a request belongs: ranked tools, best first, their domain and workflow; nothing for what is not machine learning. */
export interface Hint {
  readonly tools: readonly { readonly name: string; readonly score: number; readonly why: string }[];
  readonly domain: string | null;
  readonly workflow: string | null;
}

const NOTHING: Hint = { tools: [], domain: null, workflow: null };
const MOST_TOOLS = 5;
/** Share of a request's words that must be of machine learning; ordinary words of the definitions count half. */
const LEAST_COVERAGE = 0.5;
const LEAST_SCORE = 0.25;
const BOOST = { name: 3, title: 3, examples: 3, description: 1.5, fields: 0.5 };

/**
 * Makes the routing hint from the definitions' own words: BM25+ (minisearch) over names, titles, descriptions, examples and
 * field texts, after the request has been judged to be about machine learning at all. Built on the first request.
 */
export function createHint(domains: readonly Domain[], workflows: readonly Routable[]): (request: string) => Hint {
  let index: ReturnType<typeof build> | undefined;
  return (request) => {
    index ??= build(domains, workflows);
    return index(request);
  };
}

function build(domains: readonly Domain[], workflows: readonly Routable[]): (request: string) => Hint {
  const options = { tokenize: stems, processTerm: (term: string) => term };
  const tools = new MiniSearch<Document>({ ...options, fields: Object.keys(BOOST) });
  tools.addAll(domains.flatMap((domain) => domain.tools.map((tool) => documentOf(tool))));
  const flows = new MiniSearch<{ id: string; text: string }>({ ...options, fields: ["text"] });
  flows.addAll(
    workflows.map(({ name, title, description }) => ({ id: name, text: `${name} ${title} ${description}` })),
  );
  const known = new Set(
    domains.flatMap((domain) => domain.tools.flatMap((tool) => Object.values(documentOf(tool)).flatMap(stems))),
  );
  const examples = domains.flatMap((domain) =>
    domain.tools.flatMap((tool) => tool.examples.map((example) => new Set(stems(example)))),
  );

  return (request) => {
    const words = [...new Set(stems(request))];
    const confidence = confidenceIn(words, known, examples);
    if (confidence === 0) return NOTHING;
    const found = tools.search(words.join(" "), { boost: BOOST, fuzzy: (term) => (term.length > 6 ? 0.15 : false) });
    const best = found[0];
    if (best === undefined) return NOTHING;
    const ranked = found.slice(0, MOST_TOOLS).map(({ id, score, queryTerms, match }) => ({
      name: String(id),
      score: Math.round((confidence * score * 1000) / best.score) / 1000,
      why: `${queryTerms.slice(0, 6).join(", ")} in its ${[...new Set(Object.values(match).flat())].slice(0, 3).join(", ")}`,
    }));
    const domain = domains.find(({ tools: listed }) => listed.some(({ name }) => name === best.id))?.id ?? null;
    const flow =
      flows.search(words.join(" "))[0]?.id ??
      workflows.find(({ steps }) => steps.some(({ tool }) => tool.name === best.id))?.name;
    return {
      tools: ranked.filter(({ score }) => score >= LEAST_SCORE * confidence),
      domain,
      workflow: flow === undefined ? null : String(flow),
    };
  };
}

/** How sure it is, 0 to 1, that a request is for a tool that is here. */
function confidenceIn(
  words: readonly string[],
  known: ReadonlySet<string>,
  examples: readonly ReadonlySet<string>[],
): number {
  if (words.length === 0 || words.some((word) => notYet.has(word))) return 0;
  const sure = words.some((word) => certain.has(word));
  const telling = words.filter((word) => likely.has(word) || certain.has(word)).length;
  const ordinary =
    words.filter((word) => known.has(word)).length -
    words.filter((word) => known.has(word) && (likely.has(word) || certain.has(word))).length;
  const coverage = (telling + Math.max(ordinary, 0) / 2) / words.length;
  const asInExample = words.length >= 2 && examples.some((example) => words.every((word) => example.has(word)));
  const accepted = sure || asInExample || (telling >= 1 && words.length >= 2 && coverage > LEAST_COVERAGE);
  return accepted ? Math.min(1, Math.max(coverage, asInExample ? 0.9 : 0, sure ? 0.6 : 0)) : 0;
}

type Document = Readonly<Record<"id" | keyof typeof BOOST, string>>;

function documentOf(tool: Tool): Document {
  const fields = Object.entries(tool.input.shape).map(([name, schema]) => `${name} ${schema.description ?? ""}`);
  return {
    id: tool.name,
    name: tool.name.replace(/^ml_/, ""),
    title: tool.title,
    description: tool.description,
    examples: tool.examples.join(" . "),
    fields: fields.join(" "),
  };
}
