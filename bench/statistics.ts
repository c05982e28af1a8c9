/** The middle value; of two middles the lower. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value at or below which a share `q` of the values lies (nearest rank). */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
