import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Head } from "./chain.ts";

/** One page: a write of it is not cut short by a kill, and a shorter head leaves nothing of a longer one. */
const PAGE_BYTES = 4096;
const READS = 5;

/**
 * A copy of the newest signed head in a file beside the database, so that somebody who cuts events and head alike still
 * shows. Written after the commit: it may lag behind the database, never lead it. Written in place, since replacing a
 * file makes some file systems wait for the disk at every append.
 */
export class Witness {
  readonly #path: string;
  #size = -1;

  constructor(workspace: string) {
    this.#path = join(workspace, "audit-head.json");
  }

  /** What was seen last. Read until it reads the same twice, since another process may be writing it. */
  read(): Head | undefined {
    let text = this.#text();
    for (let reads = 1; reads < READS; reads += 1) {
      const again = this.#text();
      if (again === text) break;
      text = again;
    }
    return parsed(text);
  }

  /** Goes on to `head`, unless what it saw before is no longer part of the record: `follows` says. */
  see(head: Head, follows: (earlier: Head) => boolean): void {
    const earlier = parsed(this.#text());
    this.#size = Math.max(this.#size, earlier?.size ?? 0);
    if (head.size <= this.#size || (earlier && !follows(earlier))) return;
    const file = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      writeSync(file, JSON.stringify(head).padEnd(PAGE_BYTES), 0);
    } finally {
      closeSync(file);
    }
    this.#size = head.size;
  }

  #text(): string {
    try {
      return readFileSync(this.#path, "utf8");
    } catch {
      return "";
    }
  }
}

function parsed(text: string): Head | undefined {
  try {
    return Head.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
