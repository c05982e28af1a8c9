/**
 * What a call can do to the world, from the weakest to the strongest. MCP annotations, the read-only mode and the
 * guard all derive from it. Reports and the record of a call are the server's own and count as nothing.
 */
export const EFFECTS = ["reads", "creates", "network", "executes", "overwrites"] as const;

export type Effect = (typeof EFFECTS)[number];

/** The strongest of several effects: what a host must expect of a tool whose actions differ. */
export function strongest(effects: readonly Effect[]): Effect {
  return EFFECTS.findLast((effect) => effects.includes(effect)) ?? "reads";
}
