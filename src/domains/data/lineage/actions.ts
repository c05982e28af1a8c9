import { z } from "zod";
import { needed, ToolError } from "../../../kernel/errors.ts";
import type { Asset, Ports } from "../../../kernel/ports.ts";
import { columnsOf, type Hop, hopsOf, origins, Traced } from "./columns.ts";
import { around, type Graph, refName, toDot, toMermaid } from "./graph.ts";
import { toOpenLineage } from "./openlineage.ts";
import type { LineageReport } from "./result.ts";
import { Difference, versionsOf } from "./versions.ts";

const MOST_EDGES = 200;

/** What the Python part answers. */
export const OpResult = z.strictObject({ hops: z.array(Traced), difference: Difference.nullable() });

interface Given {
  readonly other?: string | undefined;
  readonly column?: string | undefined;
  readonly tag?: string | undefined;
  readonly direction: "up" | "down" | "both";
  readonly depth: number;
  readonly format: "openlineage" | "mermaid" | "graphviz";
}

type Action = (params: Given, subject: Asset, ports: Ports) => Promise<Omit<LineageReport, "action" | "asset">>;

/** What each action does. */
export const ACTIONS = {
  show: async ({ direction, depth }, subject, ports) => drawn(around(subject, direction, depth, ports)),

  impact: async ({ column, depth }, subject, ports) => {
    const graph = around(subject, "down", depth, ports);
    if (column === undefined) return drawn(graph);
    requireColumn(column, subject);
    const made = graph.nodes.flatMap(({ asset: one }) => (one && one.ref !== subject.ref ? [one] : []));
    const hops = await traced(made, ports);
    const nodes = made.map(({ ref, kind }) => ({
      ref,
      kind,
      columns: [...origins(ref, hops, subject.ref)].flatMap(([name, from]) =>
        from.some((source) => source.dataset === subject.ref && source.column === column) ? [name] : [],
      ),
    }));
    return { nodes: nodes.filter(({ columns }) => columns.length > 0), edges: [], warnings: [] };
  },

  columns: async ({ column }, subject, ports) => {
    if (column !== undefined) requireColumn(column, subject);
    const hops = await traced([subject], ports);
    const found = [...origins(subject.ref, hops)].map(([name, from]) => ({ column: name, from }));
    const guessed = hops.filter(
      ({ basis, columns }) => basis === "same name" && columns.some(({ from }) => from.length),
    );
    return {
      columns: column === undefined ? found : found.filter((each) => each.column === column),
      rows_from: hops.find(({ dataset }) => dataset === subject.ref)?.rows ?? [],
      warnings: guessed.length
        ? [
            `Of ${guessed.map(({ dataset }) => dataset).join(", ")} no steps are kept: columns of one name are taken to be one.`,
          ]
        : [],
    };
  },

  versions: async (_, subject, ports) => ({ versions: versionsOf(subject, ports), warnings: [] }),

  diff: async ({ other }, subject, ports) => {
    const versions = ports.catalog.versions(subject.kind, subject.name);
    const against =
      other === undefined ? versions.find(({ version }) => version < subject.version) : ports.catalog.at(other);
    if (against === undefined)
      throw new ToolError(
        "invalid_input",
        `other: \`${subject.ref}\` has no version before it.`,
        "Name another dataset.",
      );
    if (subject.kind !== "dataset" || against.kind !== "dataset")
      throw new ToolError(
        "invalid_input",
        `asset: \`diff\` compares datasets; \`${subject.ref}\` is a ${subject.kind.replace("_", " ")}.`,
        "ml_training_evaluate compares models, ml_features_register feature views.",
      );
    const [before, after] =
      other !== undefined && against.version > subject.version ? [subject, against] : [against, subject];
    const { difference } = await asked(ports, [], { before: before.path, after: after.path });
    if (difference === null) throw new ToolError("failed", "The versions could not be compared.");
    return { difference: { ...difference, before: before.ref, after: after.ref }, warnings: [] };
  },

  tag: async ({ tag }, subject, ports) => {
    ports.catalog.tag(subject.kind, subject.name, needed(tag, "tag", "tag"), subject.version);
    return { versions: versionsOf(subject, ports), warnings: [] };
  },

  rollback: async (_, subject, ports) => {
    ports.catalog.tag(subject.kind, subject.name, "current", subject.version);
    return { versions: versionsOf(subject, ports), warnings: [] };
  },

  export: async ({ direction, depth, format }, subject, ports) => {
    const graph = around(subject, direction, depth, ports);
    const write = (ending: string, title: string, content: string) => ({
      file: ports.artifacts.write(`${subject.name}-lineage.${ending}`, title, content),
      warnings: [],
    });
    if (format === "mermaid") return write("mmd", "Lineage (Mermaid)", `${toMermaid(graph)}\n`);
    if (format === "graphviz") return write("dot", "Lineage (Graphviz)", toDot(graph));
    const made = graph.nodes.flatMap(({ asset: one }) => (one ? [one] : []));
    const events = toOpenLineage(graph, await traced(made, ports), ports);
    return write(
      "openlineage.jsonl",
      `${events.length} OpenLineage events`,
      events.map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
  },
} satisfies Record<string, Action>;

const asked = async (ports: Ports, hops: readonly Hop[], pair?: { before: string; after: string }) =>
  OpResult.parse(await ports.python({ hops, ...(pair ? { pair } : {}) }));

/** The hops of several assets, each once, with the sources of their columns. */
async function traced(assets: readonly Asset[], ports: Ports): Promise<readonly Traced[]> {
  const hops = new Map(assets.flatMap((one) => hopsOf(one, ports.catalog)).map((hop) => [hop.dataset, hop]));
  return (await asked(ports, [...hops.values()])).hops;
}

function drawn(graph: Graph): Omit<LineageReport, "action" | "asset"> {
  const { nodes, edges } = graph;
  const shown = { nodes, edges: edges.slice(0, MOST_EDGES) };
  return {
    nodes: nodes.slice(0, MOST_EDGES).map(({ ref, kind }) => ({ ref, kind })),
    edges: shown.edges.map(({ from, to, tool, seq }) => ({ from: refName(from), to: refName(to), tool, event: seq })),
    ...(edges.length > 0 && edges.length <= 40 ? { mermaid: toMermaid(graph) } : {}),
    warnings:
      edges.length > MOST_EDGES
        ? [`${edges.length - MOST_EDGES} more edges: narrow \`direction\` or \`depth\`, or export.`]
        : [],
  };
}

function requireColumn(column: string, subject: Asset): void {
  const known = columnsOf(subject);
  if (!known.includes(column))
    throw new ToolError(
      "not_found",
      `column: \`${subject.ref}\` has no column \`${column}\`.`,
      `It has ${known.slice(0, 30).join(", ")}${known.length > 30 ? ", …" : ""}.`,
    );
}
