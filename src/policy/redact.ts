const SECRET_KEY = /pass(word|wd|phrase)?$|secret|token$|api_?key|authorization|credential|private_?key/i;
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

const SECRETS: readonly [RegExp, string][] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/]*@/gi, "$1[redacted]@"],
  [/([?&](?:pass(?:word|wd)?|pwd|token|sig(?:nature)?|x-amz-[a-z-]+)=)[^&\s#]+/gi, "$1[redacted]"],
  [/\bBearer\s+[\w.~+/-]{8,}=*/gi, "Bearer [redacted]"],
  [/\b(?:sk|pk|rk|hf|ghp|gho|ghs|glpat|xox[abprs])[-_][A-Za-z0-9_-]{16,}\b/g, "[redacted]"],
  [/\bAKIA[0-9A-Z]{16}\b/g, "[redacted]"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[redacted]"],
  [/[\w.+-]+@[\w-]+\.[\w.-]*[A-Za-z]/g, "[email]"],
];

/** A JSON value as the record may keep it: secrets, addresses and rows of data taken out. */
export function redact(value: unknown, key = ""): unknown {
  if (SECRET_KEY.test(key) && (typeof value === "string" || typeof value === "number")) return "[redacted]";
  if (ROW_KEYS.has(key) && value !== null && typeof value === "object")
    return Array.isArray(value) ? `[${value.length} withheld]` : "[withheld]";
  if (typeof value === "string")
    return SECRETS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), value);
  if (Array.isArray(value)) return value.map((inner) => redact(inner, key));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redact(inner, name)]));
  return value;
}
