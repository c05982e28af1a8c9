import { type Bar, type Block, type Card, type Field, NOT_RECORDED, percent } from "./blocks.ts";
import type { Figure } from "./figures.ts";
import { STYLE } from "./style.ts";

/** The card as one HTML file that needs nothing else. */
export function toHtml(card: Card, figures: readonly Figure[]): string {
  const { completeness, sections, badges, title, summary } = card;
  const links = [
    ...sections.map(({ title: name }, place) => [name, `s${place}`] as const),
    ...(figures.length > 0 ? [["Plots", "plots"] as const] : []),
  ]
    .map(([name, place]) => `<a href="#${place}">${escaped(name)}</a>`)
    .join("");
  const body = sections
    .map(
      (section, place) =>
        `<section id="s${place}"><h2>${escaped(section.title)}</h2>${section.fields.map((field) => written(field, section.fields.length > 1 || field.name !== section.title)).join("")}</section>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}: model card</title><style>${STYLE}</style></head>
<body><div class="page">
<header><div><h1>${escaped(title)}</h1><p>${marked(summary)}</p><ul class="badges">${badges.map((badge) => `<li>${escaped(badge)}</li>`).join("")}</ul></div>${ring(completeness.share, `${completeness.recorded} of ${completeness.fields} fields recorded`)}</header>
<nav aria-label="Sections">${links}</nav>
<main>${body}${pictured(figures)}</main>
<footer>Filled from records alone; what no record holds is marked “${NOT_RECORDED}”. Sections after Mitchell et al., Model Cards for Model Reporting (2019).</footer>
</div></body></html>
`;
}

/** The plots of the calls the card rests on, drawn into the file itself. */
function pictured(figures: readonly Figure[]): string {
  if (figures.length === 0) return "";
  const drawings = figures.map(
    ({ title, png }) =>
      `<figure><img alt="${escaped(title)}" src="data:image/png;base64,${Buffer.from(png).toString("base64")}" style="max-width:100%;border-radius:6px"><figcaption>${escaped(title)}</figcaption></figure>`,
  );
  return `<section id="plots"><h2>Plots</h2>${drawings.join("")}</section>`;
}

function written({ name, blocks, how, source }: Field, titled: boolean): string {
  const inner =
    blocks.length === 0
      ? `<p class="none">${NOT_RECORDED}. <small>${marked(how)}</small></p>`
      : blocks.map(drawn).join("");
  return `${titled ? `<h3>${escaped(name)}</h3>` : ""}${inner}${source ? `<p class="source">Source: ${escaped(source)}</p>` : ""}`;
}

function drawn(block: Block): string {
  switch (block.kind) {
    case "text":
      return `<p>${marked(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${marked(item)}</li>`).join("")}</ul>`;
    case "code":
      return `<pre>${escaped(block.text)}</pre>`;
    case "facts":
      return `<dl>${block.rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join("")}</dl>`;
    case "table":
      return `<div class="scroll"><table><thead><tr>${block.head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join("")}</tr></thead><tbody>${block.rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`).join("")}</tbody></table></div>`;
    case "bars":
      return `<figure><figcaption>${escaped(block.caption)}</figcaption>${chart(block.bars)}</figure>`;
  }
}

/** Horizontal bars on one scale, with whiskers for intervals and a tick for the baseline. */
function chart(bars: readonly Bar[]): string {
  const top = Math.max(...bars.flatMap(({ value, high, mark }) => [value, high ?? 0, mark ?? 0]));
  const end = top > 0.5 && top <= 1 ? 1 : top || 1;
  const at = (value: number) => ((100 * Math.max(value, 0)) / end).toFixed(2);
  return bars
    .map(({ label, value, low, high, mark, text }) => {
      const whisker =
        low === undefined || high === undefined
          ? ""
          : `<rect x="${at(low)}" y="7.4" width="${(Number(at(high)) - Number(at(low))).toFixed(2)}" height="1.2" fill="var(--ink)"/>`;
      const tick = mark === undefined ? "" : `<rect x="${at(mark)}" y="1" width=".7" height="14" fill="var(--warn)"/>`;
      return `<div class="bar"><span>${escaped(label)}</span><svg viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label="${escaped(`${label}: ${text}`)}"><rect width="100" height="16" fill="var(--code)"/><rect width="${at(value)}" height="16" fill="var(--fill)"/>${whisker}${tick}</svg><span>${escaped(text)}</span></div>`;
    })
    .join("");
}

function ring(share: number, label: string): string {
  const around = 2 * Math.PI * 15;
  return `<div class="ring"><svg viewBox="0 0 40 40" role="img" aria-label="${escaped(`${percent(share)} complete`)}"><circle cx="20" cy="20" r="15" fill="none" stroke="var(--line)" stroke-width="4"/><circle cx="20" cy="20" r="15" fill="none" stroke="var(--accent)" stroke-width="4" stroke-linecap="round" stroke-dasharray="${(around * share).toFixed(2)} ${around.toFixed(2)}" transform="rotate(-90 20 20)"/><text x="20" y="23" text-anchor="middle" font-size="9" fill="var(--ink)">${Math.round(share * 100)}%</text></svg><span>${escaped(label)}</span></div>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** Escaped, with what stands between backticks as code. */
const marked = (text: string) => escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>");
