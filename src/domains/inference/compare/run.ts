import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { mean } from "../../../kernel/statistics.ts";
import type { Compared, CompareParams } from "../compare.ts";
import { type Answer, askAll } from "./ask.ts";
import { difference, estimate, MEASURES, type Measure, onFront, values } from "./figures.ts";
import { grade } from "./judge.ts";
import { OpResult } from "./op.ts";
import { pickOf, WORTH } from "./pick.ts";
import { score } from "./quality.ts";
import { type Candidate, reached } from "./targets.ts";
import { alike } from "./texts.ts";

export async function compare(params: CompareParams, ports: Ports): Promise<Compared> {
  const { prompts, references } = params;
  if (references && references.length !== prompts.length)
    throw new ToolError(
      "invalid_input",
      `references: ${references.length} for ${prompts.length} prompts.`,
      "Give one, or a list of several, for each prompt, in their order.",
    );
  return await reached(params, ports, (candidates) => measured(candidates, params, ports));
}

async function measured(candidates: readonly Candidate[], params: CompareParams, ports: Ports): Promise<Compared> {
  const { prompts, repeats } = params;
  const answers = await askAll(
    candidates.map(({ attached }) => attached),
    params,
    ports.signal,
    (done, total) => ports.progress(done, total, `${candidates.length} in turn`),
  );
  const { quality, ungraded } = await qualityOf(answers, params, ports);
  const of = (target: number) => answers.filter((answer) => answer.target === target);
  const results = candidates.map((candidate, place) => resultOf(candidate, of(place), quality, ports));
  const compared = ["quality", "tokens_per_second", "e2e_ms"] as const;
  const measures = { ...MEASURES, quality };
  const differences = candidates.slice(1).flatMap(({ name }, place) =>
    compared.flatMap((metric) => {
      const pair = { first: of(0), other: of(place + 1) };
      return measures[metric] ? difference(name, metric, pair, measures[metric]) : [];
    }),
  );
  const known = Object.values(WORTH).filter((worth) => results.every((one) => worth(one) !== undefined));
  const worths = results.map((one) => known.map((worth) => worth(one) ?? 0));
  const targets = results.map((one, place) => ({ ...one, best_of_its_kind: onFront(worths[place] ?? [], worths) }));
  const prefer = params.prefer ?? (quality ? "quality" : "speed");
  if (targets.some((one) => WORTH[prefer](one) === undefined))
    throw new ToolError("invalid_input", `prefer: ${prefer} is not known of every target.`, NEEDS[prefer]);
  const { pick, rationale } = pickOf(targets, prefer);
  ports.decide({
    type: "ModelSelection",
    selected: pick.name,
    task: "serving",
    alternatives: [pick, ...targets.filter((one) => one !== pick)]
      .map((one) => ({ name: one.name, score: WORTH[prefer](one) ?? null }))
      .sort((one, other) => (other.score ?? 0) - (one.score ?? 0)),
    rationale,
  });
  const { same, unlike } = alike(
    prompts,
    candidates.map(({ name }) => name),
    answers,
  );
  const measured_by = quality ? (params.judge ?? params.metric) : "";
  const { plot } = OpResult.parse(
    await ports.python({
      quality: measured_by,
      targets: targets.map(({ name, quality: good, tokens_per_second, ttft_ms, best_of_its_kind: front }) => ({
        ...{ name, quality: good, tokens_per_second, ttft_ms, front },
      })),
    }),
  );
  const asked = prompts.length * repeats;
  return {
    ...{ targets, differences, same_answers: same, unlike, pick: pick.name, rationale, measured_by },
    files: [plot],
    warnings: [
      ...targets.flatMap(({ name, failed }) => (failed > 0 ? [`${name}: ${failed} of ${asked} requests failed.`] : [])),
      ...(ungraded > 0 ? [`${ungraded} answers have no grade: the judge's reply was none.`] : []),
      ...(params.chat ? ["Chat templates differ between backends: prompts were not the same token by token."] : []),
      ...(asked < 20 ? [`${asked} requests of each: small differences do not show.`] : []),
    ],
  };
}

const NEEDS = {
  quality: "Give `references`, or a `judge`.",
  speed: "Ask for more than one token.",
  memory: "It is known of servers that ml_inference_serve started.",
  cost: "Give `input_price` and `output_price` of every target.",
};

/**
 * How good an answer is, by the references or by a judge; undefined where neither was given. Greedy answers hardly change
 * from round to round, so the first stands for all.
 */
async function qualityOf(
  answers: readonly Answer[],
  { prompts, references, metric, judge: named }: CompareParams,
  ports: Ports,
): Promise<{ quality: Measure | undefined; ungraded: number }> {
  const right = (prompt: number) => [references?.[prompt] ?? []].flat();
  if (named === undefined) {
    if (!references) return { quality: undefined, ungraded: 0 };
    const quality: Measure = ({ sample, prompt, round }) =>
      round === 0 ? score(metric, sample?.text ?? "", right(prompt)) : undefined;
    return { quality, ungraded: 0 };
  }
  const judge = ports.chat(named);
  const grades = new Map<string, number | undefined>();
  for (const { prompt, sample, round } of answers) {
    const key = JSON.stringify([prompt, sample?.text]);
    if (!sample || round > 0 || grades.has(key)) continue;
    const graded = { prompt: prompts[prompt] ?? "", answer: sample.text, references: right(prompt) };
    grades.set(key, await grade(judge, graded, ports.signal));
    ports.progress(grades.size, answers.length, "grading");
  }
  return {
    quality: ({ prompt, sample, round }) => {
      if (round > 0) return undefined;
      return sample ? grades.get(JSON.stringify([prompt, sample.text])) : 0;
    },
    ungraded: [...grades.values()].filter((one) => one === undefined).length,
  };
}

function resultOf(
  { name, model, target, attached }: Candidate,
  answers: readonly Answer[],
  quality: Measure | undefined,
  { backends }: Ports,
): Compared["targets"][number] {
  const samples = answers.flatMap(({ sample }) => sample ?? []);
  if (samples.length === 0)
    throw new ToolError(
      "failed",
      `${name} answered none of ${answers.length} requests.`,
      "Leave it out, or see its status.",
    );
  const read = samples.flatMap(({ prompt_tokens }) => prompt_tokens ?? []);
  const [prompt_tokens, output_tokens] = [
    read.length === 0 ? null : mean(read),
    mean(samples.map((sample) => sample.output_tokens)),
  ];
  const { input_price, output_price } = target;
  const { serving } = attached;
  return {
    ...{ name, backend: attached.backend.kind, model, url: attached.backend.url },
    asked: answers.length,
    failed: answers.length - samples.length,
    quality: quality ? estimate(values(answers, quality)) : null,
    tokens_per_second: estimate(values(answers, MEASURES.tokens_per_second)),
    ttft_ms: estimate(values(answers, MEASURES.ttft_ms)),
    e2e_ms: estimate(values(answers, MEASURES.e2e_ms)),
    ...{ prompt_tokens, output_tokens },
    memory_bytes: serving ? (backends.memory(serving.id) ?? null) : null,
    cost:
      input_price === undefined || output_price === undefined || prompt_tokens === null
        ? null
        : (1000 * (input_price * prompt_tokens + output_price * output_tokens)) / 1e6,
    best_of_its_kind: false,
  };
}
