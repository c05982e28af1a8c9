import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { View } from "../kernel/view.ts";

const EMPTY = '<script type="application/json" id="data"></script>';

/** The page as a host of MCP Apps shows it: it waits for the result. */
export const appPage = (view: View, root: string): string =>
  readFileSync(join(root, "src/studio", `${view}.html`), "utf8");

/** The same page with its data inside, as a file that needs nothing else. */
export function filePage(view: View, root: string, data: unknown): string {
  // `<` written otherwise cannot close the script that holds it.
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return appPage(view, root).replace(EMPTY, () => EMPTY.replace("></", () => `>${json}</`));
}
