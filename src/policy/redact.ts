const SECRET_KEY = /pass(word|wd|phrase)?$|secret|token$|api_?key|authorization|credential|private_?key|^salt$/i;
/** Fields that carry rows of a dataset: the record keeps that they were returned, not what they said. */
const ROW_KEYS: ReadonlySet<string> = new Set([
  "preview",
  "example",
  "examples",
  "neighbours",
  "neighbors",
  "nearest",
  "partial_unexpected_list",
  "counterfactuals",
  "top_values",
]);

// Every repetition has an end, and no two in a row match the same letters: else a long text is looked through again and
// again.

/** What is looked for, what stands instead, and a sign without which it is not there: most texts have none. */
type Pattern = readonly [RegExp, string, string?];

/** Who one is, where an address says it. */
const CREDENTIALS: readonly Pattern[] = [
  [/\b(https?:\/\/)(?:[^\s@/?#]{0,512}@|[^\s@/?#:]{0,256}:(?!\d{1,5}(?:[/?#]|$))\S{0,512}@)/gi, "$1[redacted]@", "://"],
  [/\b((?:postgres(?:ql)?|mysql|mariadb):\/\/)(?=[^\s@]{0,512}:)\S{0,1024}@/gi, "$1[redacted]@", "://"],
  [/\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/@:]{0,512}:[^\s/@]{1,512}@/gi, "$1[redacted]@", "://"],
];

const SECRETS: readonly Pattern[] = [
  ...CREDENTIALS,
  [/([?&](?:pass(?:word|wd)?|pwd|token|sig(?:nature)?|x-amz-[a-z-]+)=)[^&\s#]+/gi, "$1[redacted]"],
  [/\bBearer\s+[\w.~+/-]{8,}=*/gi, "Bearer [redacted]"],
  [/\b(?:sk|pk|rk|hf|ghp|gho|ghs|glpat|xox[abprs])[-_][A-Za-z0-9_-]{16,}\b/g, "[redacted]"],
  [/\bAKIA[0-9A-Z]{16}\b/g, "[redacted]"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[redacted]"],
  [/[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{0,190}[A-Za-z]/g, "[email]", "@"],
];

/** A JSON value as the record may keep it: secrets, addresses and rows of data taken out. */
export function redact(value: unknown, key = ""): unknown {
  if (ROW_KEYS.has(key) && value !== null && typeof value === "object")
    return Array.isArray(value) ? `[${value.length} withheld]` : "[withheld]";
  return without(SECRETS, value, key, redact);
}

/** The same value without passwords and keys, for what is kept until a call has ended. */
export function withoutCredentials(value: unknown, key = ""): unknown {
  return without(CREDENTIALS, value, key, withoutCredentials);
}

function without(
  patterns: readonly Pattern[],
  value: unknown,
  key: string,
  inside: (value: unknown, key: string) => unknown,
): unknown {
  if (SECRET_KEY.test(key) && (typeof value === "string" || typeof value === "number")) return "[redacted]";
  if (typeof value === "string")
    return patterns.reduce(
      (text, [pattern, instead, sign = ""]) => (text.includes(sign) ? text.replace(pattern, instead) : text),
      value,
    );
  if (Array.isArray(value)) return value.map((inner) => inside(inner, key));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inside(inner, name)]));
  return value;
}
