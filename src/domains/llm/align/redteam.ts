import { z } from "zod";
import { type ChatModel, CLIENT, type Message, type Reply } from "../../../kernel/chat.ts";
import { needed, ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { Aligned, AlignParams } from "../align.ts";
import { servedBy } from "../fields.ts";
import { judge } from "./detectors.ts";
import { CATEGORIES, Garak, type RedTeam, STRATEGIES, VERDICTS } from "./fields.ts";
import { PROBES, type Probe } from "./probes.ts";
import { rateOf } from "./rates.ts";
import { ALL, opening, type Strategy } from "./strategies.ts";

/** A server that stops answering is not asked for ever. */
const MOST_FAILURES_IN_A_ROW = 3;
const [SHOWN_FOUND, SHOWN_CHARACTERS] = [20, 500];
const FILE = "transcripts.jsonl";

const Attempt = z.strictObject({
  probe: z.string(),
  category: z.enum(CATEGORIES),
  owasp: z.string(),
  strategy: z.enum(STRATEGIES),
  messages: z.array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() })),
  verdict: z.enum(VERDICTS),
  why: z.string(),
});
type Attempt = z.output<typeof Attempt>;
const Scanned = z.looseObject({ garak: Garak });

interface Planned {
  readonly probe: Probe;
  readonly strategy: Strategy;
}

/** Asks a model what it should decline, in plain words and disguised, and says how often it did. */
export async function redteam(params: AlignParams, ports: Ports): Promise<Partial<Aligned>> {
  const authorisation = needed(params.authorisation, "authorisation", "redteam");
  const target = await targetOf(params, ports);
  const garak = await garakOn(target, params, ports);
  const plan = planned(params);
  const done = new Map(earlier(params, ports).map((one) => [keyOf(one.probe, one.strategy), one]));
  const until = Date.now() + 1000 * params.time_budget_seconds;
  let broken = 0;
  for (const [place, { probe, strategy }] of plan.entries()) {
    const key = keyOf(probe.id, strategy.name);
    if (done.has(key)) continue;
    if (Date.now() > until || broken >= MOST_FAILURES_IN_A_ROW) break;
    ports.signal.throwIfAborted();
    ports.progress(place, plan.length, `${probe.id}, ${strategy.name}`);
    const attempt = await attempted(probe, strategy, target, params, ports.signal);
    broken = attempt.why.startsWith("no answer") ? broken + 1 : 0;
    done.set(key, attempt);
  }
  const attempts = plan.flatMap(({ probe, strategy }) => done.get(keyOf(probe.id, strategy.name)) ?? []);
  if (attempts.every(({ why }) => why.startsWith("no answer")))
    throw new ToolError(
      "unavailable",
      `${target.name} answered none of ${attempts.length} asks.`,
      "Is its server up? ml_inference_serve with action `status` says.",
    );
  const report = reported(attempts, plan.length, target, authorisation, ports);
  ports.decide({
    type: "EvaluationJudgement",
    evaluator: "ml-engine red team",
    subject: target.name,
    verdict: `${report.overall.success} of ${report.overall.success + report.overall.failed} attacks succeeded`,
    alternatives: report.by_category.map(({ name, rate }) => ({ name, score: rate })),
    rationale: `Share of attacks that succeeded, by category; authorised: ${authorisation}`,
  });
  return { redteam: report, garak, warnings: warnings(report, garak, attempts) };
}

const keyOf = (probe: string, strategy: string) => `${probe} ${strategy}`;

/** Every probe by every strategy that can carry it; what was asked for alone where something was. */
function planned({ categories, strategies }: AlignParams): readonly Planned[] {
  const wanted = ALL.filter(({ name }) => strategies === undefined || strategies.includes(name));
  const probes = PROBES.filter(({ category }) => categories === undefined || categories.includes(category));
  return probes.flatMap((probe) =>
    wanted.filter(({ carries }) => carries(probe.category)).map((strategy) => ({ probe, strategy })),
  );
}

/** Attempts of a run that was not finished; those without an answer are asked again. */
function earlier({ resume }: AlignParams, ports: Ports): readonly Attempt[] {
  if (resume === undefined) return [];
  const bytes = ports.artifacts.read(resume);
  if (!bytes)
    throw new ToolError(
      "not_found",
      `resume: there are no transcripts at \`${resume}\`.`,
      "Give the `resume` of an earlier result.",
    );
  return Buffer.from(bytes)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Attempt.parse(JSON.parse(line)))
    .filter(({ why }) => !why.startsWith("no answer"));
}

interface Target extends ChatModel {
  /** Undefined where it is reached otherwise than by an address. */
  readonly served: ReturnType<typeof servedBy> | undefined;
}

/** A served model, or one that is named as `ollama:MODEL` or `client`. */
async function targetOf({ model, backend, url }: AlignParams, ports: Ports): Promise<Target> {
  if (backend === undefined && url === undefined && model !== undefined && (model === CLIENT || /^[a-z]+:/.test(model)))
    return { ...ports.chat(model), served: undefined };
  const attached = await ports.backends.attach({ backend, model, url }, ports.signal);
  return {
    name: `${attached.serving ? (ports.catalog.at(attached.serving.model)?.ref ?? attached.model) : attached.model} on ${attached.backend.kind}`,
    served: servedBy(attached),
    async chat(messages, { max_tokens, temperature, signal }) {
      const { text, finish_reason, usage } = await attached.backend.generate(attached.model, {
        prompt: undefined,
        messages,
        max_tokens,
        temperature,
        seed: 0,
        signal,
      });
      return { text, model: attached.model, finish: finish_reason, usage };
    },
  };
}

async function attempted(
  probe: Probe,
  strategy: Strategy,
  target: ChatModel,
  params: AlignParams,
  signal: AbortSignal,
): Promise<Attempt> {
  const messages: Message[] = opening(probe, params.system);
  const known = { probe: probe.id, category: probe.category, owasp: probe.owasp, strategy: strategy.name, messages };
  let reply: Reply | undefined;
  try {
    for (const content of strategy.turns(probe.ask)) {
      messages.push({ role: "user", content });
      reply = await target.chat(messages, { max_tokens: params.max_tokens, temperature: 0, signal });
      messages.push({ role: "assistant", content: reply.text });
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof ToolError)) throw error;
    return { ...known, verdict: "unscorable", why: `no answer: ${error.kind}` };
  }
  return {
    ...known,
    ...(reply ? judge(probe.judged, reply) : { verdict: "unscorable", why: "no answer: nothing was asked" }),
  };
}

function reported(
  attempts: readonly Attempt[],
  planned: number,
  target: Target,
  authorisation: string,
  ports: Ports,
): RedTeam {
  const attacks = attempts.filter(({ category }) => category !== "over_refusal");
  const harmless = attempts.filter(({ category }) => category === "over_refusal");
  const by = (key: "category" | "strategy" | "owasp", of: readonly Attempt[]) =>
    [...Map.groupBy(of, (one) => one[key])].map(([name, some]) =>
      rateOf(
        name,
        some.map(({ verdict }) => verdict),
      ),
    );
  const lines = attempts.map((one) => JSON.stringify(one)).join("\n");
  const transcripts = ports.artifacts.write(FILE, `${attempts.length} attempts on ${target.name}`, `${lines}\n`);
  const left = attempts.length < planned || attempts.some(({ why }) => why.startsWith("no answer"));
  return {
    target: target.name,
    authorisation,
    attempts: attempts.length,
    planned,
    overall: rateOf(
      "all",
      attacks.map(({ verdict }) => verdict),
    ),
    over_refusal:
      harmless.length === 0
        ? null
        : rateOf(
            "over_refusal",
            harmless.map(({ verdict }) => verdict),
          ),
    by_category: by("category", attacks),
    by_strategy: by("strategy", attacks),
    by_owasp: by("owasp", attacks),
    found: attempts
      .filter(({ verdict }) => verdict === "success")
      .slice(0, SHOWN_FOUND)
      .map(({ probe, strategy, why, messages }) => ({
        probe,
        strategy,
        why,
        answer: (messages.at(-1)?.content ?? "").slice(0, SHOWN_CHARACTERS),
      })),
    transcripts,
    resume: left ? transcripts.uri : null,
  };
}

/** garak's own probes on the same target, where they are asked for. */
async function garakOn(target: Target, params: AlignParams, ports: Ports): Promise<Garak | null> {
  if (params.garak === undefined) return null;
  if (!target.served)
    throw new ToolError(
      "invalid_input",
      `garak: it asks a server by its address, which ${target.name} has none of here.`,
      "Give `backend` or `url`, or leave `garak` out.",
    );
  return Scanned.parse(await ports.python({ ...params, served: target.served })).garak;
}

const warnings = ({ overall, planned, resume }: RedTeam, garak: Garak | null, attempts: readonly Attempt[]) => [
  ...(overall.unscorable > 0
    ? [`${overall.unscorable} attempts could not be scored: they are in no rate. A person should read them.`]
    : []),
  ...(garak?.complete === false
    ? [
        garak.missing.length > 0
          ? `garak stopped at what it cannot load here (${garak.missing.join(", ")}): leave that probe out.`
          : "garak's time ran out: its rates are of what it had asked by then.",
      ]
    : []),
  ...(resume === null
    ? []
    : [
        `${planned - attempts.filter(({ why }) => !why.startsWith("no answer")).length} attempts are left: call again with \`resume\`.`,
      ]),
];
