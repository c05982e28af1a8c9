import fc from "fast-check";
import type { Run } from "../../src/kernel/ports.ts";

/** Names, one of which needs quotes. */
export const METRICS = ["roc_auc", "val/loss", "f1 macro"];
/** Texts, some with letters that mean something in SQL or a pattern. */
export const FAMILIES = ["svm", "Linear", "light_gbm", "it's", "50%", "a*b?"];
/** The empty one stands for none. */
export const TAGS = ["", "prod", "Prod-2", "x"];

/** A condition in the filter's syntax, and what it means. */
interface Condition {
  readonly text: string;
  readonly means: (run: Run) => boolean;
}

const sql = (text: string) => `'${text.replaceAll("'", "''")}'`;
const COMPARE: Readonly<Record<string, (left: number | string, right: number | string) => boolean>> = {
  "=": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
};

/** LIKE, spelled out letter by letter. */
function like(text: string, pattern: string): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text === "";
  if (first === "%") return like(text, rest.join("")) || (text !== "" && like(text.slice(1), pattern));
  return text !== "" && (first === "_" || first === text[0]) && like(text.slice(1), rest.join(""));
}

const aMetric: fc.Arbitrary<Condition> = fc
  .tuple(fc.constantFrom(...METRICS), fc.constantFrom(...Object.keys(COMPARE)), fc.integer({ min: -4, max: 4 }))
  .map(([key, operator, quarter]) => ({
    text: `${/[ ]/.test(key) ? `metrics.\`${key}\`` : `metrics.${key}`} ${operator} ${quarter / 4}`,
    means: ({ metrics }) => key in metrics && (COMPARE[operator]?.(metrics[key] ?? 0, quarter / 4) ?? false),
  }));

const GROUPS = [
  { names: ["params.family", "param.family", "parameters.`family`"], of: (run: Run) => run.params["family"] },
  { names: ["tags.stage", 'tag."stage"', "TAGS.stage"], of: (run: Run) => run.tags["stage"] },
  { names: ["attributes.status", "status", "attr.status"], of: (run: Run) => run.status },
  { names: ["run_name", "attributes.run_name"], of: (run: Run) => run.name },
];
const aGroup = fc
  .constantFrom(...GROUPS)
  .chain(({ names, of }) => fc.constantFrom(...names).map((name) => ({ name, of })));
const aText = fc.constantFrom(...FAMILIES, ...TAGS, "FINISHED", "RUNNING");
const aPattern = fc.oneof(
  aText,
  fc
    .array(fc.constantFrom("%", "_", "l", "G", "P", "*", "?", "[", "prod", "5"), { maxLength: 4 })
    .map((parts) => parts.join("")),
);
const lower = (text: string) => text.toLowerCase();

const aTextCondition: fc.Arbitrary<Condition> = fc
  .tuple(aGroup, fc.constantFrom(...Object.keys(COMPARE)), aText)
  .map(([{ name, of }, operator, text]) => ({
    text: `${name} ${operator} ${sql(text)}`,
    means: (run) => of(run) !== undefined && (COMPARE[operator]?.(String(of(run)), text) ?? false),
  }));
const aPatternCondition: fc.Arbitrary<Condition> = fc
  .tuple(aGroup, fc.constantFrom("LIKE", "like", "ILIKE"), aPattern)
  .map(([{ name, of }, operator, pattern]) => ({
    text: `${name} ${operator} ${sql(pattern)}`,
    means: (run) => {
      const found = of(run);
      if (found === undefined) return false;
      return operator === "ILIKE" ? like(lower(String(found)), lower(pattern)) : like(String(found), pattern);
    },
  }));
const aList: fc.Arbitrary<Condition> = fc
  .tuple(aGroup, fc.array(aText, { minLength: 1, maxLength: 3 }))
  .map(([{ name, of }, texts]) => ({
    text: `${name} IN (${texts.map(sql).join(", ")})`,
    means: (run) => of(run) !== undefined && texts.includes(String(of(run))),
  }));

/** Any one condition. */
export const aCondition = fc.oneof(aMetric, aTextCondition, aPatternCondition, aList);
