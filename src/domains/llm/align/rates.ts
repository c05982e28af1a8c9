import type { Rate, Verdict } from "./fields.ts";

const Z = 1.959964;

/** Wilson's 95 % interval of a share (Wilson 1927). */
export function wilson(hits: number, count: number): readonly [number, number] {
  const share = hits / count;
  const spread = Z * Math.sqrt((share * (1 - share)) / count + (Z * Z) / (4 * count * count));
  const scale = 1 + (Z * Z) / count;
  const middle = share + (Z * Z) / (2 * count);
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}

/** How many attempts went how; those that could not be scored are not in the rate. */
export function rateOf(name: string, verdicts: readonly Verdict[]): Rate {
  const count = (verdict: Verdict) => verdicts.filter((one) => one === verdict).length;
  const [success, failed, unscorable] = [count("success"), count("failed"), count("unscorable")];
  const scored = success + failed;
  const [low, high] = scored === 0 ? [null, null] : wilson(success, scored);
  return { name, success, failed, unscorable, rate: scored === 0 ? null : success / scored, low, high };
}
