import { z } from "zod";
import { needed, ToolError } from "../../../kernel/errors.ts";
import { Artifact } from "../../../kernel/fields.ts";
import { FeatureViewManifest } from "../../../kernel/manifest.ts";
import type { Asset, Ports } from "../../../kernel/ports.ts";
import { FeatureViewDefinition } from "../fields.ts";
import { FeatureDrift, ImportedView, type RegisterReport, type ViewSummary } from "./result.ts";

/** What the Python part answers. */
export const OpResult = z.strictObject({
  drift: z.array(FeatureDrift),
  imported: z.array(ImportedView),
  file: Artifact.nullable(),
  warnings: z.array(z.string()),
});

interface Given {
  readonly view?: string | undefined;
  readonly other?: string | undefined;
  readonly query?: string | undefined;
  readonly stage?: string | undefined;
  readonly reason?: string | undefined;
  readonly source?: string | undefined;
  readonly file?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

type Action = (params: Given, ports: Ports) => Promise<Omit<RegisterReport, "action">>;

/** What each action does. */
export const ACTIONS = {
  list: async ({ query, limit, cursor }, { catalog }) => {
    const matches = (asset: Asset) => {
      const told = summary(asset, catalog);
      return (
        query === undefined ||
        JSON.stringify([told, definitionOf(asset)])
          .toLowerCase()
          .includes(query.toLowerCase())
      );
    };
    const all = catalog.names("feature_view").flatMap((name) => catalog.find("feature_view", name) ?? []);
    const found = all.filter(matches);
    const skip = Number(cursor ?? 0) || 0;
    const views = found.slice(skip, skip + limit).map((asset) => summary(asset, catalog));
    const next = skip + views.length;
    return {
      views,
      total: found.length,
      ...(next < found.length ? { next_cursor: String(next) } : {}),
      warnings: [],
    };
  },

  show: async ({ view }, ports) => {
    const asset = viewAt(needed(view, "view", "show"), ports);
    const { kind, name, version, hash } = asset;
    const edges = (direction: "up" | "down") => ports.catalog.lineage({ kind, name, version, hash }, direction, 10);
    const named = (refs: readonly { name: string; version: number | null }[]) => [
      ...new Set(refs.map((ref) => (ref.version === null ? ref.name : `${ref.name}@${ref.version}`))),
    ];
    return {
      views: [summary(asset, ports.catalog)],
      definition: definitionOf(asset),
      made_from: named(edges("up").map(({ from }) => from)),
      used_by: named(edges("down").map(({ to }) => to)),
      warnings: [],
    };
  },

  diff: async ({ view, other }, ports) => {
    const asset = viewAt(needed(view, "view", "diff"), ports);
    const before = ports.catalog.versions("feature_view", asset.name).find(({ version }) => version < asset.version);
    const against = other === undefined ? before : viewAt(other, ports);
    if (against === undefined)
      throw new ToolError("invalid_input", `other: \`${asset.ref}\` has no version before it.`, "Name another view.");
    return {
      views: [against, asset].map((each) => summary(each, ports.catalog)),
      changes: changes(definitionOf(against), definitionOf(asset)),
      warnings: [],
    };
  },

  stage: async ({ view, stage }, ports) => {
    const asset = viewAt(needed(view, "view", "stage"), ports);
    const wanted = needed(stage, "stage", "stage");
    // One version of a name is in production: the one that was steps back.
    if (wanted === "production")
      for (const each of ports.catalog.versions("feature_view", asset.name))
        if (ports.catalog.marks(each)["stage"] === "production") ports.catalog.mark(each, "stage", "archived");
    ports.catalog.mark(asset, "stage", wanted);
    if (wanted === "production") ports.catalog.tag("feature_view", asset.name, "production", asset.version);
    return { views: [summary(asset, ports.catalog)], warnings: [] };
  },

  deprecate: async ({ view, reason }, ports) => {
    const asset = viewAt(needed(view, "view", "deprecate"), ports);
    ports.catalog.mark(asset, "deprecated", needed(reason, "reason", "deprecate"));
    return { views: [summary(asset, ports.catalog)], warnings: [] };
  },

  drift: async ({ view, source }, ports) => {
    const params = { action: "drift", view: needed(view, "view", "drift"), source: needed(source, "source", "drift") };
    const { drift, warnings } = OpResult.parse(await ports.python(params));
    return { views: [summary(viewAt(params.view, ports), ports.catalog)], drift, warnings };
  },

  import_feast: async ({ file, source }, ports) => {
    const params = {
      action: "import_feast",
      file: needed(file, "file", "import_feast"),
      source: needed(source, "source", "import_feast"),
    };
    const { imported, warnings } = OpResult.parse(await ports.python(params));
    return { imported, warnings };
  },

  export_feast: async ({ view }, ports) => {
    const params = { action: "export_feast", view: needed(view, "view", "export_feast") };
    const { file, warnings } = OpResult.parse(await ports.python(params));
    return { views: [summary(viewAt(params.view, ports), ports.catalog)], ...(file ? { file } : {}), warnings };
  },
} satisfies Record<string, Action>;

function viewAt(folder: string, { catalog }: Pick<Ports, "catalog">): Asset {
  const asset = catalog.at(folder);
  if (asset === undefined) throw new ToolError("not_found", "view: it is no longer there.", "Use action `list`.");
  return asset;
}

function definitionOf(asset: Asset): z.infer<typeof FeatureViewDefinition> {
  return FeatureViewDefinition.parse(FeatureViewManifest.parse(asset.manifest).definition);
}

function summary(asset: Asset, catalog: Ports["catalog"]): z.infer<typeof ViewSummary> {
  const { source, entities, features, description, owner } = definitionOf(asset);
  const marks = catalog.marks(asset);
  return {
    ref: asset.ref,
    source,
    entities,
    features: features.map(({ name }) => name),
    description,
    owner,
    stage: marks["stage"] ?? "development",
    deprecated: marks["deprecated"] ?? null,
    created: asset.created,
  };
}

/** A sentence for each difference between two definitions. */
function changes(
  before: z.infer<typeof FeatureViewDefinition>,
  after: z.infer<typeof FeatureViewDefinition>,
): string[] {
  const named = (list: z.infer<typeof FeatureViewDefinition>["features"]) =>
    new Map(list.map((feature) => [feature.name, JSON.stringify(feature)]));
  const [old, now] = [named(before.features), named(after.features)];
  const rest = (definition: z.infer<typeof FeatureViewDefinition>) =>
    Object.entries({ ...definition, features: [], columns: {} }).map(([key, value]) => [key, JSON.stringify(value)]);
  const was = new Map(rest(before).map(([key = "", value = ""]) => [key, value]));
  return [
    ...[...old.keys()].filter((name) => !now.has(name)).map((name) => `Feature \`${name}\` is gone.`),
    ...[...now.keys()].filter((name) => !old.has(name)).map((name) => `Feature \`${name}\` is new.`),
    ...[...now].flatMap(([name, text]) =>
      old.has(name) && old.get(name) !== text ? [`Feature \`${name}\`: ${old.get(name)} → ${text}.`] : [],
    ),
    ...rest(after).flatMap(([key = "", value = ""]) =>
      was.get(key) === value ? [] : [`${key}: ${was.get(key)} → ${value}.`],
    ),
  ];
}
