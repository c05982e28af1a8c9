import type { Answer } from "./ask.ts";

const [SHOWN, LETTERS] = [5, 120];

/** Which prompts all targets answer alike in the first round, and where the others part. */
export function alike(
  prompts: readonly string[],
  names: readonly string[],
  answers: readonly Answer[],
): { same: number; unlike: { prompt: string; answers: Record<string, string> }[] } {
  const apart = prompts.flatMap((prompt, place) => {
    const texts = names.flatMap((name, target) => {
      const found = answers.find((one) => one.target === target && one.prompt === place && one.round === 0);
      return found?.sample ? [[name, found.sample.text] as const] : [];
    });
    if (new Set(texts.map(([, text]) => text)).size < 2) return [];
    const from = commonLength(texts.map(([, text]) => text));
    const shown = texts.map(([name, text]) => [name, cut(text, from)] as const);
    return [{ prompt: prompt.slice(0, LETTERS), answers: Object.fromEntries(shown) }];
  });
  return { same: 1 - apart.length / prompts.length, unlike: apart.slice(0, SHOWN) };
}

const cut = (text: string, from: number) =>
  `${from > 0 ? "… " : ""}${text.slice(from, from + LETTERS)}${text.length > from + LETTERS ? " …" : ""}`;

/** Letters that all texts begin with. */
export function commonLength(texts: readonly string[]): number {
  const [first = "", ...others] = texts;
  let length = 0;
  while (length < first.length && others.every((text) => text[length] === first[length])) length += 1;
  return length;
}
