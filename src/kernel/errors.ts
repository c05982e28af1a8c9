/** Why a call did not do its work. `unavailable` means something is not installed or not allowed here. */
export const ERROR_KINDS = [
  "invalid_input",
  "not_found",
  "refused",
  "unavailable",
  "conflict",
  "cancelled",
  "timeout",
  "failed",
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

/** The only error whose words reach the model: ours, so that no stranger's text can give it instructions. */
export class ToolError extends Error {
  readonly kind: ErrorKind;
  /** What to do next. */
  readonly hint: string | undefined;

  /** `cause` is for the record and the log: a stranger's words may stand in it. */
  constructor(kind: ErrorKind, message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "ToolError";
    this.kind = kind;
    this.hint = hint;
  }
}

/** The value of a field that only some actions need. Throws ToolError, naming both, where it was not given. */
export function needed<T>(value: T | undefined, field: string, action: string): T {
  if (value === undefined) throw new ToolError("invalid_input", `\`${action}\` needs \`${field}\`.`);
  return value;
}
