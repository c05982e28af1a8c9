/** Three significant digits, as rates are read. */
export const digits = (value: number | null) => (value === null ? "–" : String(Number(value.toPrecision(3))));

/** A value with its interval, where it has one. */
export const ranged = ({ value, low, high }: { value: number | null; low: number | null; high: number | null }) =>
  low === null || high === null ? digits(value) : `${digits(value)} [${digits(low)}, ${digits(high)}]`;

/** The first few of many lines, and how many were left out. */
export const first = (lines: readonly string[], most: number) =>
  lines.length <= most
    ? lines
    : [...lines.slice(0, most), `  … and ${lines.length - most} more in the structured result.`];
