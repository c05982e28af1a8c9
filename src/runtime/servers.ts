import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isAlive, killTree, startedAt } from "./processes.ts";

const Record = z.strictObject({
  id: z.string(),
  url: z.string(),
  keeper: z.int(),
  keeper_started: z.number().nullable(),
  started: z.string(),
  about: z.unknown(),
});
/** A server that runs; `about` is what who started it wants to know of it. */
export type ServerRecord = z.output<typeof Record>;

export interface Launch {
  readonly id: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  readonly about: unknown;
}

const LAST_WORDS = 4000;
const POLL_MS = 50;
const STOP_SECONDS = 10;

/**
 * Servers of other people's make that this process starts. Each has a keeper, a process that ends it when we end, also
 * when we are killed; a record in the workspace lets other processes find it.
 */
export class Servers {
  readonly #folder: string;
  readonly #keeper: string;

  /** @param keeper `bin/keep.mjs`. */
  constructor(folder: string, keeper: string) {
    this.#folder = folder;
    this.#keeper = keeper;
  }

  /** Those that run. What a killed keeper left is ended on the way. */
  list(): readonly ServerRecord[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder).flatMap((name) => {
      if (!name.endsWith(".json")) return [];
      const record = this.#read(name);
      if (record === undefined) return [];
      if (isAlive(record.keeper, record.keeper_started)) return [record];
      this.#forget(record.id);
      return [];
    });
  }

  /** Starts a server; `ended` settles when it has, with the last it wrote. It may not be ready yet. */
  async launch({ id, command, args, env, url, about }: Launch): Promise<{ ended: Promise<string> }> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const { execa } = await import("execa");
    const keeper = execa(process.execPath, [this.#keeper, this.#folder, id, command, ...args], {
      env: { ...env },
      extendEnv: false,
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
      buffer: false,
      cleanup: false,
      reject: false,
    });
    const ended = keeper.then(() => {
      const words = this.log(id);
      this.#forget(id);
      return words;
    });
    if (keeper.pid === undefined) return { ended };
    const record: ServerRecord = {
      id,
      url,
      keeper: keeper.pid,
      keeper_started: startedAt(keeper.pid),
      started: new Date().toISOString(),
      about,
    };
    writeFileSync(join(this.#folder, `${id}.json.part`), JSON.stringify(record));
    renameSync(join(this.#folder, `${id}.json.part`), join(this.#folder, `${id}.json`));
    return { ended };
  }

  /** Ends a server, whoever started it, and waits until it is gone. */
  async stop(id: string): Promise<void> {
    const record = this.#read(`${id}.json`);
    if (record === undefined) return;
    signalled(record.keeper);
    for (let waited = 0; waited < STOP_SECONDS * 1000; waited += POLL_MS) {
      if (!isAlive(record.keeper, record.keeper_started)) break;
      await sleep(POLL_MS);
    }
    this.#forget(id);
  }

  /** The last a server wrote. */
  log(id: string): string {
    const path = join(this.#folder, `${id}.log`);
    return existsSync(path) ? readFileSync(path, "utf8").slice(-LAST_WORDS) : "";
  }

  /** The number of the server's own process, and so of its group. */
  pid(id: string): number | undefined {
    try {
      return Number(readFileSync(join(this.#folder, `${id}.pid`), "utf8"));
    } catch {
      return undefined;
    }
  }

  #read(name: string): ServerRecord | undefined {
    try {
      return Record.parse(JSON.parse(readFileSync(join(this.#folder, name), "utf8")));
    } catch {
      return undefined;
    }
  }

  #forget(id: string): void {
    const pid = this.pid(id);
    // Numbers are used again: only a process that leads a group of its own is the server.
    if (pid !== undefined && pid > 1 && isLeader(pid)) killTree(pid);
    for (const ending of ["json", "pid"]) rmSync(join(this.#folder, `${id}.${ending}`), { force: true });
  }
}

/** Resident memory of a process and what it started, bytes; undefined where the system does not say (outside Linux). */
export function residentBytes(leader: number): number | undefined {
  try {
    const pages = readdirSync("/proc").flatMap((name) => {
      if (!/^\d+$/.test(name)) return [];
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(fields[2]) === leader ? [Number(fields[21])] : [];
      } catch {
        return [];
      }
    });
    return pages.length === 0 ? undefined : 4096 * pages.reduce((sum, count) => sum + count, 0);
  } catch {
    return undefined;
  }
}

/** A port of this machine that nobody listens on. */
export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = z.object({ port: z.int() }).parse(probe.address());
      probe.close(() => resolve(port));
    });
  });

function signalled(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It is gone.
  }
}

function isLeader(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) === pid;
  } catch {
    return process.platform !== "linux";
  }
}
