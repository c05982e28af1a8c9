/** A piece of a card, the same for Markdown and HTML. */
export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "facts"; readonly rows: readonly (readonly [string, string])[] }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "bars"; readonly caption: string; readonly bars: readonly Bar[] };

/** A value drawn against the others of its chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** A second value to compare with, drawn as a tick. */
  readonly mark?: number | undefined;
  readonly text: string;
}

/** One field a complete card has; without blocks it is not recorded, and `how` says what would record it. */
export interface Field {
  readonly name: string;
  readonly blocks: readonly Block[];
  readonly how: string;
  /** Where the blocks come from, in words. */
  readonly source?: string | undefined;
}

export interface Section {
  readonly title: string;
  readonly fields: readonly Field[];
}

/** A whole card, before it is written in any format. */
export interface Card {
  readonly title: string;
  readonly summary: string;
  readonly badges: readonly string[];
  readonly sections: readonly Section[];
  readonly completeness: {
    readonly share: number;
    readonly recorded: number;
    readonly fields: number;
    readonly missing: readonly { section: string; field: string; how: string }[];
  };
}

/** The words for what no record holds. */
export const NOT_RECORDED = "Not recorded";

/** Counts which fields of the sections are recorded. */
export function completeness(sections: readonly Section[]): Card["completeness"] {
  const fields = sections.flatMap(({ title, fields }) => fields.map((field) => ({ section: title, ...field })));
  const missing = fields
    .filter(({ blocks }) => blocks.length === 0)
    .map(({ section, name, how }) => ({ section, field: name, how }));
  const recorded = fields.length - missing.length;
  return { share: fields.length ? recorded / fields.length : 0, recorded, fields: fields.length, missing };
}

/** Four significant digits. */
export const digits = (value: number | null | undefined) =>
  value === null || value === undefined ? "–" : String(Number(value.toPrecision(4)));

/** A value with its interval where it has one. */
export const ranged = (value: number | null, low: number | null | undefined, high: number | null | undefined) =>
  low === null || high === null || low === undefined || high === undefined
    ? digits(value)
    : `${digits(value)} [${digits(low)}, ${digits(high)}]`;

/** A share as a percentage. */
export const percent = (share: number) => `${Number((share * 100).toPrecision(3))} %`;
