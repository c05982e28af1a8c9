import { z } from "zod";
import { DatasetManifest } from "../../../kernel/manifest.ts";
import type { Asset, Ports } from "../../../kernel/ports.ts";

/** One version of something registered, and what is said of it. */
export const Version = z
  .strictObject({
    ref: z.string(),
    created: z.string(),
    made_by: z.string().describe("Tool."),
    rows: z.int().nullable(),
    hash: z.string(),
    tags: z.array(z.string()),
    current: z.boolean().describe("What the name alone means."),
    marks: z.record(z.string(), z.string()),
  })
  .meta({ id: "Version" });

/** How two versions of a dataset differ, rows taken in any order. */
export const Difference = z
  .strictObject({
    rows_before: z.int(),
    rows_after: z.int(),
    columns_added: z.array(z.string()),
    columns_removed: z.array(z.string()),
    types_changed: z.array(z.string()),
    rows_removed: z.int().describe("Over the columns both have, of one type."),
    rows_added: z.int(),
    columns_changed: z.array(z.string()),
  })
  .meta({ id: "Difference" });

/** All versions of the subject's name, newest first. */
export function versionsOf({ kind, name }: Asset, { catalog, events }: Ports): z.infer<typeof Version>[] {
  const tags = Object.entries(catalog.tags(kind, name));
  const current = catalog.find(kind, name)?.version;
  return catalog.versions(kind, name).map((asset) => {
    const made = events.query({ call_id: asset.call_id, kind: "action", outcome: "ok", limit: 1 }).items[0];
    const manifest = DatasetManifest.safeParse(asset.manifest);
    return {
      ref: asset.ref,
      created: asset.created,
      made_by: made?.tool ?? "archived",
      rows: manifest.success ? manifest.data.rows : null,
      hash: asset.hash,
      tags: tags.filter(([tag, version]) => tag !== "current" && version === asset.version).map(([tag]) => tag),
      current: asset.version === current,
      marks: { ...catalog.marks(asset) },
    };
  });
}
