// Control characters, bidirectional overrides and zero-width characters hide or reorder what a person reads. Joiners stay
// behind emoji and letters of scripts that need them.
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|(?<![\u0590-\u0dff\u2600-\u27bf\u{1f000}-\u{1faff}]|\ufe0f)[\u200c\u200d]/gu;
const LONGEST = 4000;

/** A stranger's text made safe to show: unseen characters out, over-long cut with the cut said. */
export function clean(text: string, longest: number = LONGEST): string {
  const seen = text.replace(UNSEEN, "");
  return seen.length <= longest ? seen : `${seen.slice(0, longest)}… (${seen.length - longest} more characters)`;
}

/** Every string in a JSON value, cleaned; keys too, since column names may be keys. */
export function cleanAll(value: unknown, longest: number = LONGEST): unknown {
  if (typeof value === "string") return clean(value, longest);
  if (Array.isArray(value)) return value.map((item) => cleanAll(item, longest));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), cleanAll(inner, longest)]));
  return value;
}
