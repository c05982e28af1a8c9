/** A JSON value cut to a size, and what was cut. */
export interface Fitted {
  readonly value: unknown;
  readonly cuts: readonly string[];
}

/**
 * Cuts the longest lists of a JSON value, halving each in turn, until its text has at most `characters`. Lists keep their
 * first items, so the shape stays what its schema says.
 */
export function fit(value: unknown, characters: number): Fitted {
  if (size(value) <= characters) return { value, cuts: [] };
  const copy: unknown = structuredClone(value);
  const original = new Map<string, number>();
  while (size(copy) > characters) {
    const lists: { path: string; list: unknown[]; cost: number }[] = [];
    collect(copy, "", lists);
    const heaviest = lists.filter(({ list }) => list.length > 1).sort((a, b) => b.cost - a.cost)[0];
    if (heaviest === undefined) break;
    if (!original.has(heaviest.path)) original.set(heaviest.path, heaviest.list.length);
    heaviest.list.length = Math.floor(heaviest.list.length / 2);
  }
  const kept = new Map<string, number>();
  const lists: { path: string; list: unknown[]; cost: number }[] = [];
  collect(copy, "", lists);
  for (const { path, list } of lists) kept.set(path, list.length);
  return {
    value: copy,
    cuts: [...original].flatMap(([path, before]) =>
      kept.has(path) ? [`${path}: ${kept.get(path)} of ${before}`] : [],
    ),
  };
}

const size = (value: unknown) => JSON.stringify(value)?.length ?? 0;

/** Every list that holds no list, with what its text costs. */
function collect(value: unknown, path: string, into: { path: string; list: unknown[]; cost: number }[]): void {
  if (Array.isArray(value))
    into.push({ path, list: value, cost: size(value) - (value[0] === undefined ? 0 : size(value[0])) });
  if (value === null || typeof value !== "object") return;
  for (const [key, inner] of Object.entries(value)) collect(inner, path === "" ? key : `${path}.${key}`, into);
}
