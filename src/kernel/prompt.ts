/** A prompt as hosts show it, a workflow or a command: at most three short arguments, required ones first. */
export interface PromptSpec {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  /** The text for these arguments, which are a stranger's: quoted, cut and cleaned. */
  render(args: Readonly<Record<string, string>>): string;
}

export interface PromptArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** What names a host may offer while it is typed. */
  readonly completes?: "dataset" | "model" | "run" | "collection";
}
