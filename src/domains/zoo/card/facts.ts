import type { z } from "zod";
import { ToolError } from "../../../kernel/errors.ts";
import { DatasetManifest, ModelManifest } from "../../../kernel/manifest.ts";
import type { Asset, LineageEdge, Ports, Run } from "../../../kernel/ports.ts";
import type { EventRow } from "../../../kernel/record.ts";
import { Evaluation, Fairness, Importance, Profile } from "./records.ts";

/** A recorded result and the event that proves it. */
export interface Recorded<T> {
  readonly event: EventRow;
  readonly result: T;
}

/** What the person who asked for the card says themselves. */
export interface Said {
  readonly intended_use?: string | undefined;
  readonly limitations?: string | undefined;
  readonly license?: string | undefined;
  readonly contact?: string | undefined;
}

/** All that is known of a model. What is undefined was never recorded. */
export interface Facts {
  readonly asset: Asset;
  readonly manifest: z.infer<typeof ModelManifest>;
  readonly data: { readonly asset: Asset; readonly manifest: z.infer<typeof DatasetManifest> } | undefined;
  readonly run: Run | undefined;
  readonly training: EventRow | undefined;
  readonly evaluation: Recorded<Evaluation> | undefined;
  readonly fairness: Recorded<Fairness> | undefined;
  readonly importance: Recorded<Importance> | undefined;
  readonly profile: Recorded<Profile> | undefined;
  readonly lineage: readonly LineageEdge[];
  readonly said: Said;
}

/** Collects what the catalog, the run and the record say of the model in a registered folder. */
export function gather(folder: string, said: Said, { catalog, events, runs }: Ports): Facts {
  const asset = catalog.at(folder);
  const manifest = ModelManifest.safeParse(asset?.manifest);
  if (asset === undefined || !manifest.success)
    throw new ToolError(
      "not_found",
      `model: \`${asset?.ref ?? folder}\` has no manifest that can be read.`,
      "Train it again with ml_training_train.",
    );
  const { dataset, run_id } = manifest.data;
  const data = catalog.find("dataset", dataset);
  const dataManifest = DatasetManifest.safeParse(data?.manifest);
  const newest = <T>(tool: string, of: Asset | undefined, shape: z.ZodType<T>): Recorded<T> | undefined => {
    if (of === undefined) return undefined;
    const { kind, name, version } = of;
    const found = events.query({
      tool,
      kind: "action",
      outcome: "ok",
      asset: { kind, name, version },
      order: "newest",
      limit: 10,
    });
    for (const event of found.items) {
      const parsed = shape.safeParse(event.body.result);
      if (parsed.success) return { event, result: parsed.data };
    }
    return undefined;
  };
  return {
    asset,
    manifest: manifest.data,
    data: data && dataManifest.success ? { asset: data, manifest: dataManifest.data } : undefined,
    run: runs.get(run_id),
    training: events.query({ call_id: asset.call_id, kind: "action", outcome: "ok", limit: 1 }).items[0],
    evaluation: newest("ml_training_evaluate", asset, Evaluation),
    fairness: newest("ml_safety_fairness", asset, Fairness),
    importance: newest("ml_interpretability_importance", asset, Importance),
    profile: newest("ml_data_profile", data, Profile),
    lineage: catalog.lineage({ kind: "model", name: asset.name, version: asset.version, hash: asset.hash }, "up", 10),
    said,
  };
}
