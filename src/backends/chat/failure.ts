import { ToolError } from "../../kernel/errors.ts";

/** A signal that also ends after some seconds. */
export const within = (seconds: number, signal: AbortSignal) =>
  AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);

export interface Attempt {
  readonly where: string;
  readonly seconds: number;
  /** The caller's. */
  readonly signal: AbortSignal;
  /** The caller's, with the time limit. */
  readonly limited: AbortSignal;
}

/** Why a server was not heard: the caller went, time went, or nobody is there. */
export function failure(error: unknown, { where, seconds, signal, limited }: Attempt): unknown {
  if (error instanceof ToolError || signal.aborted) return error;
  const told = limited.aborted
    ? new ToolError(
        "timeout",
        `${where} did not answer within ${seconds} seconds.`,
        "ML_ENGINE_CALL_SECONDS is how long.",
      )
    : new ToolError("unavailable", `${where} cannot be reached.`, "Start it, or check its address.");
  told.cause = error;
  return told;
}
