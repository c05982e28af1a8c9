import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Head } from "./chain.ts";

/**
 * A copy of the newest signed head in a file beside the database, so that somebody who cuts events and head alike still
 * shows. Written after the commit: it may lag behind the database, never lead it, and never goes back.
 */
export class Witness {
  readonly #path: string;
  #size = -1;

  constructor(workspace: string) {
    this.#path = join(workspace, "audit-head.json");
  }

  read(): Head | undefined {
    try {
      return Head.parse(JSON.parse(readFileSync(this.#path, "utf8")));
    } catch {
      return undefined;
    }
  }

  /** Goes on to `head`, unless what it saw before is no longer part of the record: `follows` says. */
  see(head: Head, follows: (earlier: Head) => boolean): void {
    const earlier = this.read();
    this.#size = Math.max(this.#size, earlier?.size ?? 0);
    if (head.size <= this.#size || (earlier && !follows(earlier))) return;
    const aside = `${this.#path}.${process.pid}`;
    writeFileSync(aside, JSON.stringify(head), { mode: 0o600 });
    renameSync(aside, this.#path);
    this.#size = head.size;
  }
}
