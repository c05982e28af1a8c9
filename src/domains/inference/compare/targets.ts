import type { Attached } from "../../../kernel/backends.ts";
import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import type { CompareParams, Target } from "../compare.ts";
import { given } from "../fields.ts";
import { nameOf, usualBackend } from "../serve/models.ts";

/** A target that answers. */
export interface Candidate {
  readonly name: string;
  /** What a person calls its model. */
  readonly model: string;
  readonly target: Target;
  readonly attached: Attached;
}

/** Does work with all targets reached; those started for it are stopped again, however it ends. */
export async function reached<T>(
  params: CompareParams,
  ports: Ports,
  work: (candidates: readonly Candidate[]) => Promise<T>,
): Promise<T> {
  const started: string[] = [];
  try {
    const candidates: Candidate[] = [];
    for (const target of params.targets) {
      const attached = await open(target, params, ports, started);
      const model = attached.serving ? nameOf(attached.serving.model, ports.catalog) : attached.model;
      const name = target.name ?? `${model} on ${attached.backend.kind}`;
      const same = candidates.filter((one) => one.name === name || one.name.startsWith(`${name} (`)).length;
      candidates.push({ name: same === 0 ? name : `${name} (${same + 1})`, model, target, attached });
    }
    return await work(candidates);
  } finally {
    await Promise.all(started.map((id) => ports.backends.stop(id)));
  }
}

async function open(target: Target, params: CompareParams, ports: Ports, started: string[]): Promise<Attached> {
  const { backends, signal } = ports;
  const { model, url } = target;
  if (!params.start || model === undefined || url !== undefined) return await backends.attach(target, signal);
  const found = await running(target, ports);
  if (found) return found;
  const kind = target.backend ?? (await usualBackend(model, ports));
  const { serving, attached } = await backends.start(kind, model, given(params.settings), {
    signal,
    progress: (note) => ports.progress(0, 1, note),
  });
  if (!attached) started.push(serving.id);
  return await backends.attach({ backend: kind, model: serving.id }, signal);
}

/** What serves a target already: a server of ours, or one that says it has the model. */
async function running(target: Target, { backends, signal }: Ports): Promise<Attached | undefined> {
  try {
    const attached = await backends.attach(target, signal);
    const has = attached.serving !== undefined || (await attached.backend.models(signal)).includes(attached.model);
    return has ? attached : undefined;
  } catch (error) {
    if (error instanceof ToolError && (error.kind === "not_found" || error.kind === "unavailable")) return undefined;
    throw error;
  }
}
