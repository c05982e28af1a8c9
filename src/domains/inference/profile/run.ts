import type { Ports } from "../../../kernel/ports.ts";
import type { Profiled, ProfileParams } from "../profile.ts";
import { isPath, nameOf } from "../serve/models.ts";
import { drive } from "./drive.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { OpResult } from "./op.ts";
import { promptsOf } from "./prompts.ts";

const [SERVED_REQUESTS, TABULAR_REQUESTS] = [8, 100];
const ROWS_AT_ONCE = [1, 10, 100, 1000];
/** Requests under way at most where they arrive by chance. */
const MOST_AT_ONCE = 1000;

export async function profile(params: ProfileParams, ports: Ports): Promise<Profiled> {
  const asset = params.model !== undefined && isPath(params.model) ? ports.catalog.at(params.model) : undefined;
  return asset && asset.manifest["family"] !== "language"
    ? await predictions(params, asset, ports)
    : await served(params, ports);
}

/** How long a tabular model's predictions take, in a Python process of its own. */
async function predictions(
  { sweep, requests = TABULAR_REQUESTS, warmup }: ProfileParams,
  { path, ref }: { readonly path: string; readonly ref: string },
  ports: Ports,
): Promise<Profiled> {
  const batches = sweep.length > 0 ? sweep : ROWS_AT_ONCE;
  const { plot, ...measured } = OpResult.parse(
    await ports.python({ measure: { model: path, batches, requests, warmup }, loads: [] }),
  );
  return { backend: null, model: ref, url: null, points: [], files: [plot], warnings: [], ...measured };
}

interface Point {
  readonly concurrency: number;
  readonly rate: number | null;
}

async function served(params: ProfileParams, ports: Ports): Promise<Profiled> {
  const { concurrency, requests = SERVED_REQUESTS, prompt_tokens, output_tokens, prompts: own, warmup, seed } = params;
  const { signal, backends } = ports;
  const attached = await backends.attach(params, signal);
  const loads: Point[] = [
    ...[...new Set([concurrency, ...params.sweep])].map((each) => ({ concurrency: each, rate: null })),
    ...params.rates.map((rate) => ({ concurrency: Math.min(requests, MOST_AT_ONCE), rate })),
  ];
  const needed = warmup + requests * loads.length;
  const made = own.length > 0 ? own : await promptsOf(needed, prompt_tokens, attached, signal);
  const take = (from: number, count: number) =>
    Array.from({ length: count }, (_, place) => made[(from + place) % made.length] ?? "");
  if (warmup > 0) {
    ports.progress(0, needed, "warming up");
    const load = { output_tokens, seed, prompts: take(0, warmup), concurrency: 1, rate: undefined };
    await drive(attached, load, signal, () => {});
  }
  const points: (Point & { figures: Figures; written: number; pieces: number })[] = [];
  for (const [place, { concurrency: each, rate }] of loads.entries()) {
    const from = warmup + place * requests;
    const driven = await drive(
      attached,
      { output_tokens, seed, prompts: take(from, requests), concurrency: each, rate: rate ?? undefined },
      signal,
      (count) => ports.progress(from + count, needed, rate === null ? `${each} at once` : `${rate} a second`),
    );
    points.push({
      concurrency: each,
      rate,
      figures: figuresOf(driven, params.objective),
      written: driven.samples.reduce((sum, one) => sum + one.output_tokens, 0),
      pieces: driven.samples.reduce((sum, one) => sum + one.pieces, 0),
    });
  }
  const [first] = points;
  if (!first) throw new Error("There is always a first load.");
  const { serving } = attached;
  const memory_bytes = serving ? (backends.memory(serving.id) ?? null) : null;
  const { plot } = OpResult.parse(
    await ports.python({
      loads: points.map(({ concurrency: each, rate, figures: { tokens_per_second, ttft_ms, tpot_ms } }) => ({
        load: rate === null ? `${each} at once` : `${rate}/s`,
        ...{ tokens_per_second, ttft_ms, tpot_ms },
      })),
    }),
  );
  return {
    backend: attached.backend.kind,
    model: serving ? nameOf(serving.model, ports.catalog) : attached.model,
    url: attached.backend.url,
    ...first.figures,
    memory_bytes,
    batches: [],
    points: points.map(({ concurrency: each, rate, figures }) => ({ concurrency: each, rate, figures })),
    files: [plot],
    warnings: warningsOf(first, output_tokens),
  };
}

function warningsOf(
  { figures, written, pieces }: { figures: Figures; written: number; pieces: number },
  asked: number,
): string[] {
  return [
    ...(figures.failed > 0 ? [`${figures.failed} requests failed; they are in no figure.`] : []),
    ...(figures.output_tokens < asked - 0.5
      ? [`Answers ended after ${figures.output_tokens.toFixed(1)} tokens on average, before output_tokens.`]
      : []),
    ...(written > 1.05 * pieces
      ? [`The server sends ${(written / pieces).toFixed(1)} tokens at once: itl is between pieces, tpot a token.`]
      : []),
    ...(figures.prompt_tokens === null ? ["The server does not count tokens: pieces were counted."] : []),
  ];
}
