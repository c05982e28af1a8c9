import { z } from "zod";
import { ToolError } from "../../../kernel/errors.ts";

/** What is wrong with one field of a card that somebody wrote. */
export interface Finding {
  readonly field: string;
  readonly problem: string;
}

export interface Checked {
  readonly findings: readonly Finding[];
  readonly fields: number;
}

const METADATA = ["license", "library_name", "pipeline_tag", "tags", "datasets", "metrics", "model-index"];

/** Sections of Mitchell et al. 2019, and the headings of the Hugging Face template that hold the same. */
const SECTIONS: Readonly<Record<string, RegExp>> = {
  "Model details": /model (details|description)/i,
  "Intended use": /intended use|^uses$|direct use/i,
  Factors: /factors|technical specifications|inputs/i,
  Metrics: /^metrics|testing data, factors/i,
  "Evaluation data": /evaluation data|testing data/i,
  "Training data": /training data|training details/i,
  "Quantitative analyses": /quantitative|results|^evaluation$/i,
  "Ethical considerations": /ethical|bias/i,
  "Caveats and recommendations": /caveats|limitations|recommendations/i,
};

const EMPTY =
  /^(not recorded|not provided|more information needed|todo|tbd|n\/a|unknown|\[.*needed.*\]|<!--.*-->)?\.?( .*)?$/is;
const PLACEHOLDER = /more information needed|\{\{.*?\}\}|lorem ipsum|\bTODO\b/i;

/** Checks a card in Markdown or in this project's JSON against the fields a complete one has. */
export async function check(content: string, name: string): Promise<Checked> {
  if (content.includes("\0"))
    throw new ToolError("invalid_input", `card: ${name} is not a text file.`, "Name a model card in Markdown or JSON.");
  return name.toLowerCase().endsWith(".json") ? await checkJson(content, name) : checkMarkdown(content);
}

function checkMarkdown(content: string): Checked {
  const found = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---\r?\n?/.exec(content);
  const keys = new Set([...(found?.[1] ?? "").matchAll(/^([A-Za-z][\w-]*):/gm)].map((match) => match[1]));
  const body = found ? content.slice(found[0].length) : content;
  const findings: Finding[] = found
    ? METADATA.filter((key) => !keys.has(key)).map((key) => ({ field: key, problem: "missing from the metadata" }))
    : [{ field: "metadata", problem: "there is no YAML block between --- lines at the top" }];
  const sections = split(body);
  for (const [title, pattern] of Object.entries(SECTIONS)) {
    const own = sections.filter(({ heading }) => pattern.test(heading));
    if (own.length === 0) findings.push({ field: title, problem: "there is no such section" });
    else if (own.every(({ text }) => isEmpty(text))) findings.push({ field: title, problem: "says nothing yet" });
    else if (own.some(({ text }) => PLACEHOLDER.test(text)))
      findings.push({ field: title, problem: "still holds placeholder text" });
  }
  return { findings, fields: METADATA.length + Object.keys(SECTIONS).length };
}

/** Level-2 sections, and deeper ones by their own heading as well. */
function split(body: string): { heading: string; text: string }[] {
  const outside = body.replace(/```[\s\S]*?```/g, (block) => block.replaceAll("#", " "));
  const headings = [...outside.matchAll(/^(#{1,4})\s+(.+?)\s*#*$/gm)];
  return headings.map((match, place) => {
    const level = match[1]?.length ?? 1;
    const next = headings.slice(place + 1).find((other) => (other[1]?.length ?? 1) <= level);
    return {
      heading: match[2] ?? "",
      text: outside.slice(match.index + match[0].length, next?.index ?? outside.length),
    };
  });
}

/** True where every paragraph under the heading says that there is nothing. */
function isEmpty(text: string): boolean {
  const paragraphs = text.split(/\r?\n\s*\r?\n/).map((part) => part.replace(/^#+ .*$/gm, "").trim());
  return paragraphs.every(
    (part) =>
      part === "" ||
      (EMPTY.test(part) && /^(not recorded|not provided|more information|todo|tbd|n\/a|unknown|\[|<!--)/i.test(part)),
  );
}

const CardFile = z.object({
  metadata: z.record(z.string(), z.unknown()),
  sections: z.array(
    z.object({ title: z.string(), fields: z.array(z.object({ name: z.string(), blocks: z.array(z.unknown()) })) }),
  ),
});

async function checkJson(content: string, name: string): Promise<Checked> {
  const json: unknown = await Promise.resolve(content)
    .then(JSON.parse)
    .catch(() => undefined);
  const parsed = CardFile.safeParse(json);
  if (!parsed.success)
    throw new ToolError(
      "invalid_input",
      `card: ${name} is not a model card: it needs \`metadata\` and \`sections\`.`,
      "Write one with action `write`, or check a Markdown card.",
    );
  const { metadata, sections } = parsed.data;
  const findings: Finding[] = METADATA.filter((key) => metadata[key] === undefined).map((key) => ({
    field: key,
    problem: "missing from the metadata",
  }));
  for (const title of Object.keys(SECTIONS)) {
    const section = sections.find((one) => one.title === title);
    if (section === undefined) findings.push({ field: title, problem: "there is no such section" });
    else
      for (const field of section.fields)
        if (field.blocks.length === 0) findings.push({ field: `${title}: ${field.name}`, problem: "says nothing yet" });
  }
  return { findings, fields: METADATA.length + Object.keys(SECTIONS).length };
}
