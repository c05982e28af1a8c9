import type { Tool } from "./tool.ts";

/** A folder of tools and the words that introduce it. */
export interface Domain {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Listed in this order, the order of the work. */
  readonly tools: readonly Tool[];
}

export const defineDomain = (domain: Domain): Domain => domain;
