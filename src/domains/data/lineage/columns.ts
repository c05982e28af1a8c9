import { z } from "zod";
import { DatasetManifest, ModelManifest } from "../../../kernel/manifest.ts";
import type { Asset, Catalog } from "../../../kernel/ports.ts";
import { refName } from "./graph.ts";

/** One column that another was made from, in the words of OpenLineage's column lineage facet. */
export const ColumnSource = z
  .strictObject({
    dataset: z.string(),
    column: z.string(),
    type: z.enum(["DIRECT", "INDIRECT"]),
    subtype: z.string(),
    description: z.string(),
  })
  .meta({ id: "ColumnSource" });
export type ColumnSource = z.infer<typeof ColumnSource>;

/** One dataset and what it was made from, as the op takes it. */
export const Hop = z
  .strictObject({
    dataset: z.string(),
    columns: z.array(z.string()),
    inputs: z.array(z.strictObject({ dataset: z.string(), columns: z.array(z.string()) })),
    pipeline: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "Hop" });
export type Hop = z.infer<typeof Hop>;

/** A hop with the sources of each column. */
export const Traced = z
  .strictObject({
    dataset: z.string(),
    basis: z.enum(["steps", "same name"]),
    columns: z.array(z.strictObject({ column: z.string(), from: z.array(ColumnSource) })),
    rows: z.array(ColumnSource).describe("What decided which rows there are."),
  })
  .meta({ id: "Traced" });
export type Traced = z.infer<typeof Traced>;

const Pipeline = z.record(z.string(), z.unknown()).nullable().catch(null);

/** Columns of a dataset, or what a model takes as features and its target. */
export function columnsOf(asset: Asset | undefined): readonly string[] {
  const dataset = DatasetManifest.safeParse(asset?.manifest);
  if (dataset.success) return dataset.data.columns.map(({ name }) => name);
  const model = ModelManifest.safeParse(asset?.manifest);
  return model.success ? [...model.data.signature.map(({ name }) => name), model.data.target] : [];
}

/** The asset and everything it was made from, one hop each, nearest first. */
export function hopsOf(asset: Asset, catalog: Catalog): readonly Hop[] {
  const { kind, name, version, hash } = asset;
  const edges = catalog.lineage({ kind, name, version, hash }, "up", 100);
  const made = new Map([[asset.ref, asset]]);
  for (const { to } of edges) {
    const found = to.kind === "file" ? undefined : catalog.find(to.kind, refName(to));
    if (found) made.set(found.ref, found);
  }
  return [...made.values()].map((one) => {
    const own = edges.filter((edge) => refName(edge.to) === one.ref && edge.call_id === one.call_id);
    return {
      dataset: one.ref,
      columns: [...columnsOf(one)],
      inputs: own.map(({ from }) => ({
        dataset: refName(from),
        columns: [...columnsOf(from.kind === "file" ? undefined : catalog.find(from.kind, refName(from)))],
      })),
      pipeline: Pipeline.parse(one.manifest["pipeline"]),
    };
  });
}

/** Where each column of `ref` comes from in the end: through all hops, back to what nothing recorded was made before, or to `root`. */
export function origins(ref: string, hops: readonly Traced[], root?: string): ReadonlyMap<string, ColumnSource[]> {
  const known = new Map(hops.map((hop) => [hop.dataset, hop]));
  const done = new Map<string, ColumnSource[]>();
  const trace = (dataset: string, column: string): ColumnSource[] | undefined => {
    const key = JSON.stringify([dataset, column]);
    const found = done.get(key);
    if (found) return found;
    const hop = dataset === root ? undefined : known.get(dataset);
    const from = hop?.columns.find((each) => each.column === column)?.from;
    if (from === undefined || (from.length === 0 && hop?.basis === "same name")) return undefined;
    const sources = from.flatMap((source) => {
      const before = trace(source.dataset, source.column);
      return before ? before.map((each) => joined(each, source)) : [source];
    });
    const distinct = [...new Map(sources.map((source) => [JSON.stringify(source), source])).values()];
    done.set(key, distinct);
    return distinct;
  };
  const columns = known.get(ref)?.columns ?? [];
  return new Map(columns.map(({ column }) => [column, trace(ref, column) ?? []]));
}

/** A source's source: what was done last is told, unless the column was only handed on. */
function joined(first: ColumnSource, then: ColumnSource): ColumnSource {
  const { dataset, column } = first;
  const told = then.subtype === "IDENTITY" || first.type === "INDIRECT" ? first : then;
  const description = [first.description, then.description].filter(Boolean).join(", then ");
  return { dataset, column, type: told.type, subtype: told.subtype, description };
}
