import { DatasetManifest } from "../../../kernel/manifest.ts";
import type { Asset, LineageEdge, Ports } from "../../../kernel/ports.ts";
import type { AssetRef, EventRow } from "../../../kernel/record.ts";
import type { ColumnSource, Traced } from "./columns.ts";
import { type Graph, refName } from "./graph.ts";

const NAMESPACE = "ml-engine";
const PRODUCER = "urn:ml-engine";
const SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json";

const facet = (name: string, version: string, content: object) => ({
  _producer: PRODUCER,
  _schemaURL: `https://openlineage.io/spec/facets/${version}/${name}.json#/$defs/${name}`,
  ...content,
});

/**
 * The run events (OpenLineage 2-0-2) of every call that made an edge of the graph: START and COMPLETE, in the order of the
 * record. A call's run id is a UUID made of its own id (RFC 9562, version 8), so that an export repeated is the same.
 */
export function toOpenLineage(graph: Graph, traced: readonly Traced[], { events, catalog }: Ports): readonly object[] {
  const bySeq = Map.groupBy(graph.edges, ({ seq }) => seq);
  return [...bySeq].flatMap(([seq, edges]) => {
    const event = events.get(seq);
    return event ? runEvents(event, edges, traced, (ref) => found(ref, catalog)) : [];
  });
}

const found = (ref: AssetRef, catalog: Ports["catalog"]) =>
  ref.kind === "file" ? undefined : catalog.find(ref.kind, refName(ref));

function runEvents(
  event: EventRow,
  edges: readonly LineageEdge[],
  traced: readonly Traced[],
  assetOf: (ref: AssetRef) => Asset | undefined,
): readonly object[] {
  const distinct = (refs: readonly AssetRef[]) => [...new Map(refs.map((ref) => [refName(ref), ref])).values()];
  const inputs = distinct(edges.map(({ from }) => from)).map((ref) => dataset(ref, assetOf(ref)));
  const outputs = distinct(edges.map(({ to }) => to)).map((ref) => ({
    ...dataset(
      ref,
      assetOf(ref),
      traced.find((hop) => hop.dataset === refName(ref)),
      edges,
    ),
    ...statistics(assetOf(ref)),
  }));
  const base = {
    producer: PRODUCER,
    schemaURL: `${SPEC}#/$defs/RunEvent`,
    run: { runId: uuid(event.call_id), facets: { processing_engine: engine() } },
    job: { namespace: NAMESPACE, name: event.tool, facets: { jobType: jobType() } },
    inputs,
  };
  const began = new Date(Date.parse(event.time) - (event.body.duration_ms ?? 0)).toISOString();
  return [
    { eventType: "START", eventTime: began, ...base, outputs: [] },
    { eventType: "COMPLETE", eventTime: event.time, ...base, outputs },
  ];
}

const engine = () => facet("ProcessingEngineRunFacet", "1-1-1", { name: "ml-engine", version: "1" });
const jobType = () =>
  facet("JobTypeJobFacet", "2-0-4", { processingType: "BATCH", integration: "ML_ENGINE", jobType: "TASK" });

const place = (name: string, isFile: boolean) => ({ namespace: isFile ? "file" : NAMESPACE, name });

function dataset(ref: AssetRef, asset: Asset | undefined, traced?: Traced, edges: readonly LineageEdge[] = []) {
  const manifest = DatasetManifest.safeParse(asset?.manifest);
  const fields = manifest.success ? manifest.data.columns.map(({ name, dtype }) => ({ name, type: dtype })) : [];
  const isFile = (name: string) => edges.some(({ from }) => refName(from) === name && from.kind === "file");
  const input = ({ dataset, column, type, subtype, description }: ColumnSource) => ({
    ...place(isFile(dataset) ? dataset : bare(dataset), isFile(dataset)),
    field: column,
    transformations: [{ type, subtype, description, masking: false }],
  });
  return {
    ...place(ref.name, ref.kind === "file"),
    facets: {
      ...(fields.length ? { schema: facet("SchemaDatasetFacet", "1-2-0", { fields }) } : {}),
      ...(ref.version === null
        ? {}
        : { version: facet("DatasetVersionDatasetFacet", "1-0-1", { datasetVersion: String(ref.version) }) }),
      ...(traced
        ? {
            columnLineage: facet("ColumnLineageDatasetFacet", "1-2-0", {
              fields: Object.fromEntries(
                traced.columns.map(({ column, from }) => [column, { inputFields: from.map(input) }]),
              ),
              dataset: traced.rows.map(input),
            }),
          }
        : {}),
    },
  };
}

const bare = (ref: string) => ref.replace(/@\d+$/, "");

function statistics(asset: Asset | undefined) {
  const manifest = DatasetManifest.safeParse(asset?.manifest);
  if (!manifest.success) return {};
  const { rows, size_bytes } = manifest.data;
  const outputStatistics = facet("OutputStatisticsOutputDatasetFacet", "1-0-2", { rowCount: rows, size: size_bytes });
  return { outputFacets: { outputStatistics } };
}

/** A UUID of version 8 (RFC 9562): the call's twenty digits around version and variant, then zeros. */
function uuid(callId: string): string {
  const digits = callId.padEnd(30, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(12, 15)}-8${digits.slice(15, 18)}-${digits.slice(18, 30)}`;
}
