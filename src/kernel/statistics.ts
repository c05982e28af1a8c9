// What several tools measure with; the same numbers from the same values.

const RESAMPLES = 1000;

export const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The q-quantile by linear interpolation (Hyndman & Fan 1996, type 7, NumPy's default); 0 of no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const place = (sorted.length - 1) * q;
  const [below = 0, above = below] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** Percentile bootstrap of a statistic, 95 % (Efron & Tibshirani 1993). */
export function bootstrap(values: readonly number[], statistic = mean): [number, number] {
  const chance = mulberry(12345);
  const found = Array.from({ length: RESAMPLES }, () =>
    statistic(values.map(() => values[Math.floor(chance() * values.length)] ?? 0)),
  );
  return [quantile(found, 0.025), quantile(found, 0.975)];
}

/** Mulberry32: the same numbers from the same seed, uniform in [0, 1). */
export function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
