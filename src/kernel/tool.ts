import type { z } from "zod";
import type { Effect } from "./effect.ts";
import type { Ports } from "./ports.ts";
import type { ActionType, DetailsOf } from "./record.ts";
import type { View } from "./view.ts";

/** Everything the server knows about one tool. List, guard, road, record, routing, docs and tests all read this. */
export interface Tool<
  In extends z.ZodObject = z.ZodObject,
  Out extends z.ZodObject = z.ZodObject,
  Type extends ActionType = ActionType,
> {
  readonly name: `ml_${string}_${string}`;
  readonly title: string;
  /** When to use it, what it returns, what to call next; at most 1,024 characters. */
  readonly description: string;
  /** One effect, or one an `action`. */
  readonly effect: Effect | Readonly<Record<string, Effect>>;
  readonly action: Type;
  /** Four to eight requests as a user would say them; routing is held to them. */
  readonly examples: readonly string[];
  readonly input: In;
  readonly output: Out;
  /** How much a result may hold, where the caller says how much of a document it wants. */
  readonly characters?: number;
  /** The page that shows its result, where the host can. */
  readonly view?: View;
  /** Opens a run that collects parameters and metrics while the op works. */
  readonly opensRun?: boolean;
  /** The rest of the ActionDetails; the result is missing where the call failed. */
  details(params: z.output<In>, result?: z.output<Out>): DetailsOf<Type>;
  /** What a host without structured results shows: complete, short. */
  summarize(result: z.output<Out>): string;
  run(params: z.output<In>, ports: Ports): Promise<unknown>;
  /** The Python op of the same name and what crosses to it; absent when all work is done here. */
  readonly op?: Op;
}

export interface Op {
  readonly name: string;
  readonly params: z.ZodObject;
  readonly result: z.ZodObject;
}

type Described<In extends z.ZodObject, Out extends z.ZodObject, Type extends ActionType> = Omit<
  Tool<In, Out, Type>,
  "run" | "op"
>;

/** `ml_data_profile` runs `data.profile`. */
export const opName = (tool: string) => tool.replace(/^ml_/, "").replace("_", ".");

/** A tool whose work is the Python op of the same name, with the tool's own contract. */
export function pythonTool<In extends z.ZodObject, Out extends z.ZodObject, Type extends ActionType>(
  tool: Described<In, Out, Type>,
): Tool<In, Out, Type> {
  return {
    ...tool,
    op: { name: opName(tool.name), params: tool.input, result: tool.output },
    run: (params, ports) => ports.python(params),
  };
}

/** Whether all the work is the op's, so that its result is the tool's. */
export const isAllPython = ({ op, output }: Tool) => op?.result === output;

/** A tool whose work is done here. Where part of it is Python's, `op` is the contract of that part. */
export function nativeTool<In extends z.ZodObject, Out extends z.ZodObject, Type extends ActionType>(
  tool: Described<In, Out, Type> & {
    readonly op?: Omit<Op, "name">;
    run(params: z.output<In>, ports: Ports): Promise<z.input<Out>>;
  },
): Tool<In, Out, Type> {
  const { op, ...rest } = tool;
  return op ? { ...rest, op: { name: opName(tool.name), ...op } } : rest;
}
