import { type Block, type Card, digits, NOT_RECORDED, percent } from "./blocks.ts";

/** The card as Markdown: metadata first, as the Hugging Face Hub reads it, then the sections. */
export function toMarkdown(card: Card, metadata: string): string {
  const { share, recorded, fields } = card.completeness;
  const lines = [
    "---",
    metadata,
    "---",
    "",
    `# ${card.title}`,
    "",
    text(card.summary),
    "",
    `${recorded} of ${fields} fields are recorded (${percent(share)}).`,
    "",
  ];
  for (const section of card.sections) {
    lines.push(`## ${section.title}`, "");
    for (const field of section.fields) {
      if (section.fields.length > 1 || field.name !== section.title) lines.push(`### ${field.name}`, "");
      if (field.blocks.length === 0) lines.push(`${NOT_RECORDED}.${field.how ? ` ${field.how}` : ""}`, "");
      for (const block of field.blocks) lines.push(...written(block), "");
      if (field.source) lines.push(`_Source: ${text(field.source)}._`, "");
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function written(block: Block): string[] {
  switch (block.kind) {
    case "text":
      return [text(block.text)];
    case "list":
      return block.items.map((item) => `- ${text(item)}`);
    case "facts":
      return table(["", ""], block.rows);
    case "table":
      return table(block.head, block.rows);
    case "code":
      return ["```json", block.text.replaceAll("```", "` ` `"), "```"];
    case "bars":
      return [
        text(block.caption),
        "",
        ...table(
          ["", "Value", "Baseline"],
          block.bars.map((bar) => [bar.label, bar.text, digits(bar.mark)]),
        ),
      ];
  }
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) => [
  row(head),
  row(head.map(() => "---")),
  ...rows.map(row),
];
const row = (cells: readonly string[]) => `| ${cells.map((cell) => text(cell).replaceAll("|", "\\|")).join(" | ")} |`;

/** Foreign text on one line, unable to open a tag, a link or a heading of its own; backticks are kept. */
const text = (value: string) =>
  value
    .replace(/\s+/g, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/([\\[\]])/g, "\\$1")
    .replace(/^([#>+*-]|\d+\.)(?=\s)/, "\\$1");
