import type { z } from "zod";
import { ToolError } from "../../../kernel/errors.ts";
import { LANGUAGE, ModelManifest } from "../../../kernel/manifest.ts";
import type { Asset, Ports } from "../../../kernel/ports.ts";
import type { FinetuneParams } from "../finetune.ts";
import { EMPTY, Finetuned } from "./result.ts";

const DELETED = "deleted";

/** What the catalog can answer is answered here; the rest is the op's. */
export async function adapters(params: FinetuneParams, ports: Ports): Promise<Finetuned> {
  switch (params.action) {
    case "list":
      return { ...EMPTY, adapters: registered(ports) };
    case "switch":
      return switched(named(params, ports), ports);
    case "delete":
      return await removed(params, ports);
    default:
      return Finetuned.parse(await ports.python(params));
  }
}

/** Every version of every language model that was made here, newest first. */
function registered({ catalog }: Ports): Finetuned["adapters"] {
  return catalog
    .names("model")
    .flatMap((name) => {
      const current = catalog.find("model", name)?.version;
      return catalog.versions("model", name).flatMap((asset) => {
        const manifest = languageManifest(asset);
        return manifest ? [told(asset, manifest, asset.version === current, catalog)] : [];
      });
    })
    .sort((one, other) => (one.created < other.created ? 1 : -1));
}

function told(
  asset: Asset,
  { format, base, dataset, params, metrics }: z.output<typeof ModelManifest>,
  current: boolean,
  catalog: Ports["catalog"],
): Finetuned["adapters"][number] {
  const { method } = params;
  return {
    model: asset.ref,
    format,
    base: base ?? "",
    dataset,
    method: typeof method === "string" ? method : "",
    metrics,
    created: asset.created,
    current,
    deleted: DELETED in catalog.marks(asset),
  };
}

function languageManifest(asset: Asset) {
  const manifest = ModelManifest.safeParse(asset.manifest);
  return manifest.success && manifest.data.family === LANGUAGE ? manifest.data : undefined;
}

function named({ action, model }: FinetuneParams, { catalog }: Ports): Asset {
  if (model === undefined)
    throw new ToolError("invalid_input", `model: action \`${action}\` needs it.`, "Action `list` names them.");
  const asset = catalog.at(model);
  if (asset === undefined)
    throw new ToolError("not_found", "model: it is no longer there.", "Action `list` names them.");
  if (!languageManifest(asset))
    throw new ToolError("invalid_input", `model: \`${asset.ref}\` is no language model.`, "Action `list` names them.");
  return asset;
}

/** Makes a version what its name alone means. */
function switched(asset: Asset, { catalog }: Ports): Finetuned {
  const before = catalog.find("model", asset.name);
  if (DELETED in catalog.marks(asset))
    throw new ToolError("conflict", `model: \`${asset.ref}\` was deleted.`, "Action `list` names those there are.");
  catalog.tag("model", asset.name, "current", asset.version);
  return {
    ...EMPTY,
    action: "switch",
    notes: [`\`${asset.name}\` means ${asset.ref}${before ? `; it meant ${before.ref}` : ""}.`],
  };
}

/** Takes the weights away and keeps what is known of them: the record of where it came from stays whole. */
async function removed(params: FinetuneParams, ports: Ports): Promise<Finetuned> {
  const asset = named(params, ports);
  const { catalog } = ports;
  const result = Finetuned.parse(await ports.python(params));
  catalog.mark(asset, DELETED, new Date().toISOString());
  const left = catalog.versions("model", asset.name).find((one) => !(DELETED in catalog.marks(one)));
  if (left && catalog.find("model", asset.name)?.version === asset.version)
    catalog.tag("model", asset.name, "current", left.version);
  return {
    ...result,
    notes: [
      ...result.notes,
      `${asset.ref} is deleted${left ? `; \`${asset.name}\` means ${catalog.find("model", asset.name)?.ref}` : ""}. Its manifest, lineage and record stay.`,
    ],
  };
}
