import { ToolError } from "../kernel/errors.ts";
import type { Cell } from "./database.ts";

/** A condition of SQL on `runs`, its values bound apart. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly Cell[];
}

const EXAMPLE = "For example: metrics.roc_auc > 0.9 AND params.family = 'lightgbm'.";
const TOKEN =
  /\s*(?:(?<word>[A-Za-z_][\w./-]*)|`(?<back>[^`]+)`|"(?<double>[^"]*)"|'(?<single>(?:[^']|'')*)'|(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<symbol>!=|>=|<=|=|>|<|\(|\)|,|\.))/uy;
const ATTRIBUTES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    status: "status",
    run_name: "name",
    name: "name",
    start_time: "started",
    end_time: "ended",
    run_id: "id",
    tool: "tool",
    experiment: "experiment",
  }),
);

const GROUPS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    metric: "metrics",
    param: "params",
    parameter: "params",
    parameters: "params",
    tag: "tags",
    attribute: "attributes",
    attr: "attributes",
    run: "attributes",
  }),
);

interface Token {
  readonly kind: "word" | "quoted" | "number" | "symbol";
  readonly text: string;
  readonly at: number;
}

/**
 * MLflow's filter syntax as SQL: comparisons of `metrics.`, `params.`, `tags.` and `attributes.` joined by AND, with
 * = != > >= < <= LIKE ILIKE and IN. Metrics compare as numbers, everything else as text.
 */
export function parseFilter(filter: string): Condition {
  const tokens = tokenize(filter);
  const conditions: Condition[] = [];
  let at = 0;
  const next = () => tokens[at++];
  const peekWord = (word: string) => tokens[at]?.kind === "word" && tokens[at]?.text.toUpperCase() === word;
  do {
    if (conditions.length > 0) at += 1;
    const subject = next();
    if (!subject) throw wrong(filter, filter.length, "a comparison");
    const [group, key] = split(subject, next, filter, () => tokens[at]?.text === ".");
    const operator = next();
    const name = operator?.text.toUpperCase() ?? "";
    if (!operator || !["=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", "IN"].includes(name))
      throw wrong(filter, operator?.at ?? filter.length, "an operator (=, !=, >, >=, <, <=, LIKE, ILIKE, IN)");
    const values = name === "IN" ? list(next, filter) : [value(next(), filter)];
    conditions.push(compare(group, key, name, values, filter, operator.at));
  } while (peekWord("AND"));
  const left = tokens[at];
  if (left) throw wrong(filter, left.at, "AND, or the end");
  return {
    sql: conditions.map(({ sql }) => sql).join(" AND "),
    values: conditions.flatMap(({ values: bound }) => bound),
  };
}

/** `metrics.roc_auc DESC` as SQL. */
export function parseOrder(order: string): Condition {
  const [, subject = "", direction = "ASC"] = /^\s*((?:[^\s`]|`[^`]*`)+?)(?:\s+(ASC|DESC))?\s*$/i.exec(order) ?? [];
  const [group, key] = grouped(subject.replaceAll("`", ""));
  const down = direction.toUpperCase() === "DESC" ? "DESC" : "ASC";
  if (group === "metrics")
    return { sql: `(SELECT value FROM run_latest WHERE run_id = id AND key = ?) ${down} NULLS LAST`, values: [key] };
  if (group === "params")
    return { sql: `(SELECT value FROM run_params WHERE run_id = id AND key = ?) ${down} NULLS LAST`, values: [key] };
  const column = ATTRIBUTES.get(key);
  if (group === "attributes" && column) return { sql: `${column} ${down}`, values: [] };
  throw new ToolError(
    "invalid_input",
    `order_by: \`${order.slice(0, 100)}\` is not an order.`,
    "For example: metrics.roc_auc DESC.",
  );
}

function tokenize(filter: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (filter.slice(TOKEN.lastIndex).trim() !== "") {
    const at = TOKEN.lastIndex;
    const { word, back, double, single, number, symbol } = TOKEN.exec(filter)?.groups ?? {};
    const quoted = back ?? double ?? single?.replaceAll("''", "'");
    if (word !== undefined) tokens.push({ kind: "word", text: word, at });
    else if (quoted !== undefined) tokens.push({ kind: "quoted", text: quoted, at });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol, at });
    else throw wrong(filter, at, "a name, a value or an operator");
  }
  return tokens;
}

function split(
  subject: Token,
  next: () => Token | undefined,
  filter: string,
  dotFollows: () => boolean,
): [string, string] {
  if (subject.kind !== "word") throw wrong(filter, subject.at, "metrics., params., tags. or attributes.");
  if (subject.text.endsWith(".") || dotFollows()) {
    if (dotFollows()) next();
    const key = next();
    if (!key) throw wrong(filter, filter.length, "a key");
    return [grouped(`${subject.text.replace(/\.$/, "")}.x`)[0], key.text];
  }
  return grouped(subject.text);
}

function grouped(subject: string): [string, string] {
  const dot = subject.indexOf(".");
  if (dot < 0) return ["attributes", subject];
  const group = subject.slice(0, dot).toLowerCase();
  return [GROUPS.get(group) ?? group, subject.slice(dot + 1)];
}

function list(next: () => Token | undefined, filter: string): Cell[] {
  const open = next();
  if (open?.text !== "(") throw wrong(filter, open?.at ?? filter.length, "( after IN");
  const values = [value(next(), filter)];
  for (let token = next(); token?.text !== ")"; token = next()) {
    if (token?.text !== ",") throw wrong(filter, token?.at ?? filter.length, ", or )");
    values.push(value(next(), filter));
  }
  return values;
}

function value(token: Token | undefined, filter: string): Cell {
  if (token?.kind === "number") return Number(token.text);
  if (token?.kind === "quoted") return token.text;
  throw wrong(filter, token?.at ?? filter.length, "a number or a text in quotes");
}

function compare(
  group: string,
  key: string,
  operator: string,
  values: readonly Cell[],
  filter: string,
  at: number,
): Condition {
  const sqlOperator = operator === "ILIKE" ? "LIKE" : operator === "LIKE" ? "GLOB" : operator;
  const bound = values.map((each) =>
    operator === "LIKE" ? String(each).replace(/[[*?]/g, "[$&]").replaceAll("%", "*").replaceAll("_", "?") : each,
  );
  const place = operator === "IN" ? `(${bound.map(() => "?").join(", ")})` : "?";
  if (group === "metrics") {
    if (bound.some((each) => typeof each !== "number")) throw wrong(filter, at, "a number beside a metric");
    return {
      sql: `EXISTS (SELECT 1 FROM run_latest WHERE run_id = id AND key = ? AND value ${sqlOperator} ${place})`,
      values: [key, ...bound],
    };
  }
  const texts = bound.map(String);
  if (group === "params" || group === "tags")
    return {
      sql: `EXISTS (SELECT 1 FROM run_${group} WHERE run_id = id AND key = ? AND value ${sqlOperator} ${place})`,
      values: [key, ...texts],
    };
  const column = ATTRIBUTES.get(key);
  if (group !== "attributes" || !column)
    throw wrong(filter, 0, `metrics., params., tags., or an attribute (${[...ATTRIBUTES.keys()].join(", ")})`);
  return { sql: `${column} ${sqlOperator} ${place}`, values: texts };
}

function wrong(filter: string, at: number, expected: string): ToolError {
  const near = filter.slice(at, at + 20).trim();
  return new ToolError(
    "invalid_input",
    `filter: expected ${expected} at character ${at + 1}${near ? `, got \`${near}\`` : ", got the end"}.`,
    EXAMPLE,
  );
}
