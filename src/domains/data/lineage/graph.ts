import type { Asset, Catalog, LineageEdge, Ports } from "../../../kernel/ports.ts";
import type { AssetRef } from "../../../kernel/record.ts";

/** Everything around one asset: its edges, and the node of each end. */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly edges: readonly LineageEdge[];
}

/** One thing that data came from or went to. */
export interface Node {
  readonly ref: string;
  readonly kind: AssetRef["kind"];
  readonly asset: Asset | undefined;
}

/** `loans@2`, or a file's name. */
export const refName = ({ name, version }: AssetRef) => (version === null ? name : `${name}@${version}`);

/** What the asset was made from, used for, or both. */
export function around(
  asset: Asset,
  direction: "up" | "down" | "both",
  depth: number,
  { catalog }: Pick<Ports, "catalog">,
): Graph {
  const { kind, name, version, hash } = asset;
  const own = { kind, name, version, hash };
  const ways = direction === "both" ? (["up", "down"] as const) : [direction];
  const edges = ways.flatMap((way) => catalog.lineage(own, way, depth));
  const refs = new Map([own, ...edges.flatMap(({ from, to }) => [from, to])].map((ref) => [nodeKey(ref), ref]));
  return { nodes: [...refs.values()].map((ref) => node(ref, catalog)), edges: unique(edges) };
}

const nodeKey = (ref: AssetRef) => `${ref.kind} ${refName(ref)}`;

function node(ref: AssetRef, catalog: Catalog): Node {
  const asset = ref.kind === "file" ? undefined : catalog.find(ref.kind, refName(ref));
  return { ref: refName(ref), kind: ref.kind, asset };
}

/** The same work done twice gives equal edges of two events: the first is told. */
function unique(edges: readonly LineageEdge[]): readonly LineageEdge[] {
  const key = ({ from, to, tool }: LineageEdge) => `${nodeKey(from)} ${nodeKey(to)} ${tool}`;
  const first = new Map<string, LineageEdge>();
  for (const edge of [...edges].sort((a, b) => a.seq - b.seq)) if (!first.has(key(edge))) first.set(key(edge), edge);
  return [...first.values()];
}

/** Nodes and edges with names that Mermaid and Graphviz both take. */
function lines({ nodes, edges }: Graph) {
  const ids = new Map(nodes.map(({ kind, ref }, index) => [`${kind} ${ref}`, `n${index + 1}`]));
  const id = (key: string) => ids.get(key) ?? "n0";
  return {
    nodes: nodes.map(({ ref, kind }) => ({ id: id(`${kind} ${ref}`), kind, ref })),
    edges: edges.map(({ from, to, tool }) => ({ from: id(nodeKey(from)), to: id(nodeKey(to)), tool })),
  };
}

const SHAPES = {
  dataset: ["[(", ")]"],
  model: ["([", "])"],
  feature_view: ["{{", "}}"],
  file: ["[/", "/]"],
} as const;

/** The graph as a Mermaid flowchart. */
export function toMermaid(graph: Graph): string {
  const quote = (text: string) =>
    `"${text.replaceAll("&", "#amp;").replaceAll('"', "#quot;").replaceAll("<", "#lt;").replaceAll(">", "#gt;")}"`;
  const { nodes, edges } = lines(graph);
  return [
    "flowchart LR",
    ...nodes.map(({ id, kind, ref }) => `  ${id}${SHAPES[kind][0]}${quote(ref)}${SHAPES[kind][1]}`),
    ...edges.map(({ from, to, tool }) => `  ${from} -->|${tool.replace(/^ml_/, "")}| ${to}`),
  ].join("\n");
}

const DOT_SHAPES = { dataset: "cylinder", model: "box", feature_view: "hexagon", file: "note" } as const;

/** The graph in Graphviz's DOT language. */
export function toDot(graph: Graph): string {
  const quote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const { nodes, edges } = lines(graph);
  return [
    "digraph lineage {",
    "  rankdir=LR;",
    ...nodes.map(({ id, kind, ref }) => `  ${id} [label=${quote(ref)}, shape=${DOT_SHAPES[kind]}];`),
    ...edges.map(({ from, to, tool }) => `  ${from} -> ${to} [label=${quote(tool.replace(/^ml_/, ""))}];`),
    "}",
    "",
  ].join("\n");
}
