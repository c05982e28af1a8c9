/** A text without the folders of this run, so that a snapshot of it holds anywhere. */
export const steady = (text: string) => text.replaceAll(/\/[^\s:()]+\//g, "…/");
