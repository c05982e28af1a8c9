import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { EventBody } from "../kernel/record.ts";
import type { Signer } from "./keys.ts";
import { append, type Frontier, leafHash, rootOf } from "./merkle.ts";

/** What precedes the first event. */
export const GENESIS = "0".repeat(64);

/** A row of `events` as it lies in the database, its body still text. */
export const StoredEvent = z.strictObject({
  seq: z.int(),
  time: z.string(),
  kind: z.string(),
  type: z.string(),
  tool: z.string(),
  outcome: z.string(),
  call_id: z.string(),
  run_id: z.string().nullable(),
  body: z.string(),
  prev_hash: z.string(),
  hash: z.string(),
});
export type StoredEvent = z.infer<typeof StoredEvent>;

/** A row's body, undefined where it is not one. */
export function bodyOf(row: Pick<StoredEvent, "body">): EventBody | undefined {
  try {
    return EventBody.safeParse(JSON.parse(row.body)).data;
  } catch {
    return undefined;
  }
}

/** RFC 8785's one form of a JSON value. */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("Only JSON can be recorded.");
  return text;
}

/**
 * SHA-256, hex, over the canonical form of every column but the hash itself; the body stands as the object it is. The
 * body's text is taken as it lies (`body` sorts first), so that one which is not canonical shows.
 */
export function eventHash({ body, ...row }: Omit<StoredEvent, "hash">): string {
  return createHash("sha256")
    .update(`{"body":${body},${canonical(row).slice(1)}`)
    .digest("hex");
}

/** A signed tree head: how many events there are, the last one's hash, and the root over all their hashes. */
export const Head = z.strictObject({
  size: z.int().min(0),
  last_hash: z.string(),
  frontier: z.string(),
  root: z.string(),
  time: z.string(),
  signature: z.string(),
});
export type Head = z.infer<typeof Head>;

/** What a head stands for: the newest one or one kept on the way, or the end of what was archived. */
export type Purpose = "kept" | "cut";

// A head of the newest events must not pass for one that says where the record was cut.
const signed = ({ size, last_hash, frontier, root, time }: Omit<Head, "signature">, purpose: Purpose) =>
  canonical({ frontier, last_hash, root, size, time, ...(purpose === "cut" && { cut: true }) });

/** The tree as it grows, in memory while one transaction appends. */
export class Tree {
  size: number;
  lastHash: string;
  #frontier: Frontier;

  constructor(head?: Pick<Head, "size" | "last_hash" | "frontier">) {
    this.size = head?.size ?? 0;
    this.lastHash = head?.last_hash ?? GENESIS;
    this.#frontier = head ? unpack(head.frontier) : [];
  }

  add(hash: string): void {
    this.#frontier = append(this.#frontier, this.size, leafOf(hash));
    this.size += 1;
    this.lastHash = hash;
  }

  get root(): string {
    return rootOf(this.#frontier).toString("hex");
  }

  get frontier(): string {
    return this.#frontier.map((node) => node.toString("hex")).join("");
  }

  head(signer: Signer, time: string, purpose: Purpose = "kept"): Head {
    const head = { size: this.size, last_hash: this.lastHash, frontier: this.frontier, root: this.root, time };
    return { ...head, signature: signer.sign(signed(head, purpose)) };
  }
}

/** Whether a head was signed by this workspace's key and agrees with its own frontier. */
export function headHolds(head: Head, signer: Signer, purpose: Purpose = "kept"): boolean {
  return signer.verifies(signed(head, purpose), head.signature) && new Tree(head).root === head.root;
}

export const leafOf = (hash: string): Buffer => leafHash(Buffer.from(hash, "hex"));

const unpack = (frontier: string): Buffer[] =>
  Array.from({ length: frontier.length / 64 }, (_, at) => Buffer.from(frontier.slice(at * 64, at * 64 + 64), "hex"));
