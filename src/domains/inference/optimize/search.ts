import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { mulberry } from "../../../kernel/statistics.ts";
import { shuffled } from "../compare/ask.ts";
import type { Optimized } from "../optimize.ts";
import type { Candidate } from "./space.ts";
import { type Outcome, qualityOf, type Task, trial, worth, type Yardstick } from "./trial.ts";

/** How many are measured again and again at the end, beside what is served before. */
const FINALISTS = 3;

/** A candidate with all that is known of it. */
export interface Tried {
  readonly candidate: Candidate;
  requests: number;
  /** Of its last measurement, or of each repeat at the end. */
  values: number[];
  quality: number | undefined;
  outcome: Optimized["tried"][number]["outcome"];
}

export interface Search {
  readonly task: Task;
  readonly prompts: readonly string[];
  readonly yardstick: Yardstick;
  readonly floor: number;
  readonly repeats: number;
}

/**
 * Successive halving (Jamieson & Talwalkar 2016): all candidates on few prompts, the better half on twice as many, until few
 * are left. Those below the floor of quality come after all others. Then the finalists and what is served before are
 * measured on all prompts, in turn, several times.
 */
export async function search(tried: readonly Tried[], asked: Search, ports: Ports): Promise<void> {
  const { prompts, repeats, task, floor } = asked;
  const [before] = tried;
  const rungs = Math.max(0, Math.ceil(Math.log2(tried.length / FINALISTS)));
  let alive = tried.filter(({ outcome }) => outcome === "left");
  const total = alive.length * 2 + (FINALISTS + 1) * repeats;
  let done = 0;
  const measure = async (one: Tried, count: number): Promise<void> => {
    const outcome = await attempt(one, prompts.slice(0, count), task, ports);
    done += 1;
    ports.progress(Math.min(done, total), total, `${alive.length} settings left, ${count} requests each`);
    if (!outcome) return;
    one.requests = count;
    one.values.push(outcome.value);
    one.quality = qualityOf(outcome.samples, asked.yardstick);
  };
  const standing = (one: Tried) => (isGood(one, floor) ? 1 : 0);
  for (let rung = 0; alive.length > FINALISTS && rung < rungs; rung += 1) {
    const count = Math.max(1, Math.floor(prompts.length / 2 ** (rungs - rung)));
    for (const one of alive) {
      one.values = [];
      await measure(one, count);
    }
    alive = alive
      .filter(({ outcome }) => outcome !== "failed")
      .sort((one, other) => standing(other) - standing(one) || last(other, task) - last(one, task))
      .slice(0, Math.max(FINALISTS, Math.ceil(alive.length / 2)));
  }
  if (before && !alive.includes(before)) alive.push(before);
  for (const one of alive) Object.assign(one, { values: [], outcome: "finalist" });
  const chance = mulberry(task.seed);
  for (let round = 0; round < repeats; round += 1)
    for (const place of shuffled(alive.length, chance)) {
      const one = alive[place];
      if (one && one.outcome !== "failed") await measure(one, prompts.length);
    }
  for (const one of alive) if (one.outcome === "finalist" && !isGood(one, floor)) one.outcome = "below the floor";
}

const isGood = ({ quality = 0 }: Tried, floor: number) => quality >= floor;
const last = ({ values }: Tried, { objective }: Task) => worth(objective, values.at(-1) ?? Number.NaN);

/** A setting with which the server does not start or does not answer is out; nothing else stops the search. */
async function attempt(one: Tried, prompts: readonly string[], task: Task, ports: Ports): Promise<Outcome | undefined> {
  try {
    return await trial(one.candidate, prompts, task, ports);
  } catch (error) {
    if (ports.signal.aborted || !(error instanceof ToolError)) throw error;
    one.outcome = "failed";
    return undefined;
  }
}
