import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { mean } from "../../../kernel/statistics.ts";
import { estimate } from "../compare/figures.ts";
import { given } from "../fields.ts";
import type { Optimized, OptimizeParams } from "../optimize.ts";
import { promptsOf } from "../profile/prompts.ts";
import { nameOf, usualBackend } from "../serve/models.ts";
import { OpResult } from "./op.ts";
import { search, type Tried } from "./search.ts";
import { candidatesOf, differenceOf } from "./space.ts";
import { served, type Task, trial, worth } from "./trial.ts";

export async function optimize(params: OptimizeParams, ports: Ports): Promise<Optimized> {
  const { objective, quality_floor: floor, requests, repeats, references, seed } = params;
  const { backends, catalog, signal } = ports;
  const backend = params.backend ?? (await usualBackend(params.model, ports));
  const before = backends.plan(backend, await backends.inspect(params.model), given(params.settings)).settings;
  const models = [params.model, ...params.models];
  const tried: Tried[] = [];
  for (const candidate of candidatesOf({ ...params, models, before, most: params.trials })) {
    const file = await backends.inspect(candidate.model);
    const longest = file.context_tokens ?? Number.POSITIVE_INFINITY;
    const fits =
      candidate.settings.context_tokens <= longest && backends.plan(backend, file, candidate.settings).fit.fits;
    tried.push({ candidate, requests: 0, values: [], quality: undefined, outcome: fits ? "left" : "does not fit" });
  }
  const [base] = tried;
  if (!base) throw new Error("What is served before is always there.");
  const { output_tokens, concurrency, prompt_tokens } = params;
  const task: Task = { backend, objective, output_tokens, concurrency, seed };
  const prompts =
    params.prompts.length > 0
      ? params.prompts
      : await served(base.candidate, backend, ports, (attached) =>
          promptsOf(requests, prompt_tokens, attached, signal),
        );
  if (references && references.length !== params.prompts.length)
    throw new ToolError(
      "invalid_input",
      `references: ${references.length} for ${params.prompts.length} prompts.`,
      "Give one for each of `prompts`, in their order.",
    );
  const right = references && new Map(prompts.map((prompt, place) => [prompt, references[place] ?? ""]));
  const first = await trial(base.candidate, prompts, task, ports);
  const yardstick = { before: first.samples, right };
  await search(tried, { task, prompts, yardstick, floor, repeats }, ports);

  const score = (one: Tried) => worth(objective, mean(one.values));
  const finalists = tried
    .filter(({ outcome }) => outcome === "finalist")
    .sort((one, other) => score(other) - score(one));
  const [chosen = base] = finalists;
  chosen.outcome = "chosen";
  const called = (model: string) => nameOf(model, catalog);
  const label = (one: Tried) => differenceOf(one.candidate, base.candidate, called);
  const rationale = `The best ${objective} of ${tried.length} ways to serve, of those that keep ${floor} of the quality; scores are means of ${repeats} rounds, ${objective === "tokens_per_second" ? "more" : "less"} is better.`;
  ports.decide({
    type: "ModelSelection",
    selected: label(chosen),
    task: "serving settings",
    alternatives: finalists.map((one) => ({ name: label(one), score: mean(one.values) })),
    rationale,
  });
  const described = (one: Tried) => ({
    model: called(one.candidate.model),
    settings: one.candidate.settings,
    value: estimate(one.values),
    quality: one.quality ?? 1,
  });
  const { model, settings } = chosen.candidate;
  const start = { action: "start", backend, model: catalog.at(model)?.ref ?? model, settings };
  const ranked = [...tried].sort((one, other) => other.requests - one.requests || score(other) - score(one));
  const { plot } = OpResult.parse(
    await ports.python({
      objective,
      tried: ranked
        .filter(({ values }) => values.length > 0)
        .map((one) => ({ name: label(one), ...estimate(one.values), outcome: one.outcome })),
    }),
  );
  return {
    backend,
    model: called(model),
    objective,
    settings,
    before: described(base),
    after: described(chosen),
    gain: gainOf(base, chosen, objective),
    quality_is: references ? "answers with what they are to contain" : "agreement of greedy answers with those before",
    tried: ranked.map((one) => ({
      name: label(one),
      requests: one.requests,
      value: one.values.length === 0 ? null : mean(one.values),
      quality: one.quality ?? null,
      outcome: one.outcome,
    })),
    files: [plot, ports.artifacts.write("serving.json", "How to start it", `${JSON.stringify(start, null, 2)}\n`)],
    warnings: warningsOf(base, chosen, objective),
  };
}

/** Round by round, so that what the machine did beside falls on both. */
function gainOf(base: Tried, chosen: Tried, objective: Task["objective"]): Optimized["gain"] {
  return estimate(
    base.values.flatMap((then, round) => {
      const now = chosen.values[round];
      if (now === undefined || then === 0 || now === 0) return [];
      return [objective === "tokens_per_second" ? now / then - 1 : then / now - 1];
    }),
  );
}

function warningsOf(base: Tried, chosen: Tried, objective: Task["objective"]): string[] {
  if (base === chosen) return ["Nothing tried is better than what it was before."];
  const { low } = gainOf(base, chosen, objective);
  return low === null || low <= 0
    ? ["The gain may be chance: no interval above 0 shows it. More `repeats` would tell."]
    : [];
}
