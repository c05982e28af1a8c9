import { ToolError } from "../kernel/errors.ts";

/** What a filter may name, and what kind of value it is compared with. */
const FIELDS = {
  document: "text",
  title: "text",
  media_type: "text",
  section: "text",
  page: "number",
  tokens: "number",
  label: "label",
} as const;
type Field = keyof typeof FIELDS;

const TOKEN =
  /\s*(?:(<=|>=|!=|=|<|>|\(|\)|,)|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_][\w.]*))/y;

interface Token {
  readonly kind: "sign" | "text" | "number" | "word";
  readonly value: string;
  readonly at: number;
}

/**
 * A filter as LanceDB's SQL, made anew from what was understood, so that nothing a caller writes reaches it.
 *
 *     page >= 3 and document in ('a.pdf', 'b.pdf') and not (title like 'Draft%') and label = 'team=hr'
 *
 * @throws ToolError that says where the filter stops making sense.
 */
export function filterSql(filter: string): string {
  const tokens = tokensOf(filter);
  let place = 0;
  const peek = () => tokens[place];
  const isWord = (word: string) => peek()?.kind === "word" && peek()?.value.toLowerCase() === word;
  const isSign = (sign: string) => peek()?.kind === "sign" && peek()?.value === sign;
  const wrong = (expected: string): ToolError => {
    const token = peek();
    return new ToolError(
      "invalid_input",
      `filter: ${expected} expected ${token ? `at character ${token.at + 1}, not \`${token.value}\`` : "at the end"}.`,
      `Compare ${Object.keys(FIELDS).join(", ")} by =, !=, <, <=, >, >=, in (…), like; join by and, or, not, ( ).`,
    );
  };
  const take = (accept: boolean, expected: string): Token => {
    const token = peek();
    if (!(token && accept)) throw wrong(expected);
    place += 1;
    return token;
  };

  const any = (): string => {
    const parts = [all()];
    while (isWord("or")) {
      place += 1;
      parts.push(all());
    }
    return parts.length === 1 ? (parts[0] ?? "") : `(${parts.join(" OR ")})`;
  };
  const all = (): string => {
    const parts = [one()];
    while (isWord("and")) {
      place += 1;
      parts.push(one());
    }
    return parts.join(" AND ");
  };
  const one = (): string => {
    if (isWord("not")) {
      place += 1;
      return `NOT (${one()})`;
    }
    if (isSign("(")) {
      place += 1;
      const inner = any();
      take(isSign(")"), "`)`");
      return `(${inner})`;
    }
    return comparison();
  };
  const comparison = (): string => {
    const name = peek()?.value.toLowerCase() ?? "";
    const field = isField(name) ? name : undefined;
    take(field !== undefined && peek()?.kind === "word", `a field (${Object.keys(FIELDS).join(", ")})`);
    const kind = FIELDS[field ?? "document"];
    const value = () =>
      literal(
        take(
          peek()?.kind === (kind === "number" ? "number" : "text"),
          `a ${kind === "number" ? "number" : "text in quotes"}`,
        ),
      );
    if (isWord("in")) {
      place += 1;
      take(isSign("("), "`(`");
      const values = [value()];
      while (isSign(",")) {
        place += 1;
        values.push(value());
      }
      take(isSign(")"), "`)`");
      return kind === "label" ? `array_has_any(labels, [${values.join(", ")}])` : `${field} IN (${values.join(", ")})`;
    }
    if (kind === "text" && isWord("like")) {
      place += 1;
      return `${field} LIKE ${value()}`;
    }
    const signs = kind === "label" ? ["=", "!="] : ["=", "!=", "<", "<=", ">", ">="];
    const sign = take(signs.some(isSign), signs.join(", "));
    if (kind === "label") return `${sign.value === "!=" ? "NOT " : ""}array_has(labels, ${value()})`;
    return `${field} ${sign.value} ${value()}`;
  };

  const sql = any();
  if (peek()) throw wrong("and, or, or the end");
  return sql;
}

const isField = (name: string): name is Field => Object.hasOwn(FIELDS, name);

/** A value as SQL writes it. */
export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

const literal = ({ kind, value }: Token) => (kind === "number" ? value : quoted(value));

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < filter.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(filter);
    if (!found)
      throw new ToolError(
        "invalid_input",
        `filter: character ${at + 1} makes no sense in \`${filter.slice(0, 80)}\`.`,
        "Texts stand in quotes, as document = 'a.pdf'.",
      );
    const [, sign, single, double, digits, word] = found;
    if (sign !== undefined) tokens.push({ kind: "sign", value: sign, at });
    else if (digits !== undefined) tokens.push({ kind: "number", value: digits, at });
    else if (word !== undefined) tokens.push({ kind: "word", value: word, at });
    else tokens.push({ kind: "text", value: single?.replaceAll("''", "'") ?? double?.replaceAll('""', '"') ?? "", at });
  }
  return tokens;
}
