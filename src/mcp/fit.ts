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
  let left = size(value);
  if (left <= characters) return { value, cuts: [] };
  const copy: unknown = structuredClone(value);
  const original = new Map<string, number>();
  while (left > characters) {
    const heaviest = listsIn(copy)
      .filter(({ list }) => list.length > 1)
      .map((one) => ({ ...one, whole: size(one.list) }))
      .map((one) => ({ ...one, cost: one.whole - size(one.list[0]) }))
      .sort((a, b) => b.cost - a.cost)[0];
    if (heaviest === undefined) break;
    const { path, list, whole } = heaviest;
    if (!original.has(path)) original.set(path, list.length);
    list.length = Math.floor(list.length / 2);
    left += size(list) - whole;
  }
  const kept = new Map(listsIn(copy).map(({ path, list }) => [path, list.length]));
  return {
    value: copy,
    cuts: [...original].flatMap(([path, before]) =>
      kept.has(path) ? [`${path}: ${kept.get(path)} of ${before}`] : [],
    ),
  };
}

const size = (value: unknown) => JSON.stringify(value)?.length ?? 0;

interface Found {
  readonly path: string;
  readonly list: unknown[];
}

/** Every list of a value, those within lists too. */
function listsIn(value: unknown, path = ""): Found[] {
  if (value === null || typeof value !== "object") return [];
  const inner = Object.entries(value).flatMap(([key, item]) => listsIn(item, path === "" ? key : `${path}.${key}`));
  return Array.isArray(value) ? [{ path, list: value }, ...inner] : inner;
}
