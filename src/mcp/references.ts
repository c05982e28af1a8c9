import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import { collectionIn, type Reference, references } from "../kernel/fields.ts";
import type { Asset, Catalog } from "../kernel/ports.ts";
import { ASSET_KINDS, type AssetKind, type AssetRef } from "../kernel/record.ts";
import { isDatabaseUrl } from "../policy/database-url.ts";
import { isUrl } from "../policy/network.ts";
import type { AllowedPaths } from "../policy/paths.ts";
import { isRemote, withoutCredentials } from "../policy/remote.ts";
import { nearest } from "../routing/nearest.ts";

/** What turns names into paths needs: the catalog, the guard of paths, and a way to bring a URL's file here. */
export interface Resolver {
  readonly catalog: Catalog;
  readonly paths: AllowedPaths;
  fetch(field: string, url: string): Promise<string>;
  /** Agrees to a database or object store being read by the op itself, or throws. */
  admit(field: string, url: string): Promise<void>;
  /** A database's address that may be connected to, or a ToolError. */
  reach(field: string, url: string): Promise<string>;
  /** An MLflow store that may be opened, or a ToolError. */
  track(field: string, store: string): Promise<string>;
}

const Params = z.record(z.string(), z.unknown());

/** A call's parameters with names turned into absolute paths, and what those names were. */
export interface Resolved {
  readonly params: Record<string, unknown>;
  readonly inputs: readonly AssetRef[];
}

/** Follows the marks in an input schema: datasets, models, files and sources become paths an op can open. */
export async function resolveReferences(
  schema: z.ZodObject,
  params: Readonly<Record<string, unknown>>,
  resolver: Resolver,
): Promise<Resolved> {
  const resolved: Record<string, unknown> = { ...params };
  const inputs: AssetRef[] = [];
  for (const [field, fieldSchema] of Object.entries(schema.shape)) {
    const { reference, many } = markOf(fieldSchema);
    const value = params[field];
    if (value === undefined) continue;
    if (reference === undefined) {
      resolved[field] = await inside(fieldSchema, value);
      continue;
    }
    const one = async (name: string) => {
      const [path, input] = await locate(field, reference, name, resolver);
      if (reference !== "target" && reference !== "tracking") inputs.push(input);
      return path;
    };
    if (typeof value === "string") resolved[field] = await one(value);
    else if (many && Array.isArray(value)) resolved[field] = await Promise.all(value.map((name) => one(String(name))));
  }
  return { params: resolved, inputs };

  /** The marks in the objects of a list. */
  async function inside(fieldSchema: z.core.$ZodType, value: unknown): Promise<unknown> {
    const list = unwrap(fieldSchema);
    const element = list instanceof z.ZodArray ? unwrap(list.element) : undefined;
    if (!(element instanceof z.ZodObject) || !Array.isArray(value)) return value;
    const items: unknown[] = [];
    for (const item of value) {
      const { params: found, inputs: more } = await resolveReferences(element, Params.parse(item), resolver);
      inputs.push(...more);
      items.push(found);
    }
    return items;
  }
}

async function locate(
  field: string,
  reference: Reference,
  name: string,
  resolver: Resolver,
): Promise<[string, AssetRef]> {
  if (reference === "asset") {
    const asset = ASSET_KINDS.map((kind) => resolver.catalog.find(kind, name)).find((found) => found !== undefined);
    if (asset === undefined) throw unknownAsset(field, ASSET_KINDS, name, resolver.catalog);
    return [asset.path, refOf(asset)];
  }
  if (isKind(reference)) {
    const asset = resolver.catalog.find(reference, name);
    if (asset) return [asset.path, refOf(asset)];
    if (reference !== "dataset" || !looksLikeFile(name, resolver))
      throw unknownAsset(field, [reference], name, resolver.catalog);
    return [resolver.paths.file(field, name), fileRef(name)];
  }
  if (reference === "source") {
    if (name.startsWith("sample:") || collectionIn(name) !== undefined) return [name, fileRef(name)];
    if (isRemote(name)) {
      await resolver.admit(field, name);
      return [name, fileRef(withoutCredentials(name))];
    }
    if (isUrl(name)) return [await resolver.fetch(field, name), fileRef(name)];
    return [resolver.paths.source(field, name), fileRef(name)];
  }
  if (reference === "target") {
    if (isDatabaseUrl(name)) return [await resolver.reach(field, name), fileRef(name)];
    return [resolver.paths.target(field, name), fileRef(name)];
  }
  if (reference === "language_model") return languageModel(field, name, resolver);
  if (reference === "tracking") return [await resolver.track(field, name), fileRef(name)];
  return [resolver.paths.file(field, name), fileRef(name)];
}

/** Registered, a path of its files, or a name that a server knows. */
function languageModel(field: string, name: string, { catalog, paths }: Resolver): [string, AssetRef] {
  const asset = catalog.find("model", name);
  if (asset) return [asset.path, refOf(asset)];
  if (/^([./~]|[A-Za-z]:\\)|\.gguf$/i.test(name)) return [paths.source(field, name), fileRef(name)];
  return [name, fileRef(name)];
}

const words = (kind: AssetKind) => kind.replace("_", " ");

const isKind = (reference: Reference): reference is AssetKind => ASSET_KINDS.some((kind) => kind === reference);

const refOf = ({ kind, name, version, hash }: Asset): AssetRef => ({ kind, name, version, hash });

const fileRef = (name: string): AssetRef => ({ kind: "file", name, version: null, hash: null });

/** A name without a slash or an ending is meant as a registered name, so that a typing error is answered as one. */
const looksLikeFile = (name: string, { catalog }: Resolver) =>
  /[/\\]|\.[A-Za-z0-9]{1,8}$/.test(name) && catalog.find("dataset", name.replace(/@.*$/, "")) === undefined;

const MADE_BY: Readonly<Record<AssetKind, string>> = {
  dataset: "ml_data_ingest, or name a file",
  model: "ml_training_train",
  feature_view: "ml_features_define",
};

/** What to say where none of `kinds` has something of that name: its versions, the nearest name, or how one is made. */
function unknownAsset(field: string, kinds: readonly AssetKind[], name: string, catalog: Catalog): ToolError {
  const [base = name, version] = name.split("@");
  const newest = kinds.map((kind) => catalog.versions(kind, base)[0]).find((found) => found !== undefined);
  if (newest !== undefined && version !== undefined) {
    const tags = Object.keys(catalog.tags(newest.kind, base));
    return new ToolError(
      "not_found",
      `${field}: ${words(newest.kind)} \`${base}\` has no version ${version}.`,
      `Its newest is \`${newest.ref}\`.${tags.length > 0 ? ` Tags: ${tags.join(", ")}.` : ""}`,
    );
  }
  const known = kinds.flatMap((kind) => catalog.names(kind));
  const guess = nearest(base, known);
  const hint =
    known.length === 0
      ? `None is registered yet: use ${MADE_BY[kinds[0] ?? "dataset"]}.`
      : `There are: ${known.slice(0, 10).join(", ")}${known.length > 10 ? ` and ${known.length - 10} more` : ""}.`;
  return new ToolError(
    "not_found",
    `${field}: there is no ${kinds.map(words).join(" or ")} \`${base}\`${guess ? `; did you mean \`${guess}\`?` : "."}`,
    hint,
  );
}

/** Replaces each folder that the result marks as new by the name it is registered under. */
export function registerOutputs(
  schema: z.ZodType,
  value: unknown,
  register: (kind: AssetKind, folder: string) => string,
): unknown {
  if (!registers(schema)) return value;
  const { reference } = markOf(schema);
  const made = ASSET_KINDS.find((kind) => reference === `new_${kind}`);
  if (typeof value === "string" && made !== undefined) return register(made, value);
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject && typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        inner.shape[key] ? registerOutputs(inner.shape[key], item, register) : item,
      ]),
    );
  }
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    const { element } = inner;
    return element instanceof z.ZodType ? value.map((item) => registerOutputs(element, item, register)) : value;
  }
  return value;
}

/** Whether a schema says anywhere that something is registered; a long result without such a place is not walked through. */
function registers(schema: z.core.$ZodType): boolean {
  const known = registering.get(schema);
  if (known !== undefined) return known;
  const inner = unwrap(schema);
  const found =
    markOf(schema).reference?.startsWith("new_") === true ||
    (inner instanceof z.ZodObject && Object.values<z.core.$ZodType>(inner.shape).some(registers)) ||
    (inner instanceof z.ZodArray && registers(inner.element));
  registering.set(schema, found);
  return found;
}

const registering = new WeakMap<z.core.$ZodType, boolean>();

function markOf(schema: z.core.$ZodType): { reference: Reference | undefined; many: boolean } {
  const own = references.get(schema)?.reference;
  if (own !== undefined) return { reference: own, many: false };
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return { reference: markOf(inner.element).reference, many: true };
  if (inner instanceof z.ZodUnion)
    return { reference: inner.options.map((option) => markOf(option).reference).find((one) => one), many: true };
  return inner === schema ? { reference: undefined, many: false } : markOf(inner);
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (references.get(schema)?.reference !== undefined) return schema;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return unwrap(schema.unwrap());
  return schema;
}
