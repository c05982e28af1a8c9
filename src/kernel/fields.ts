import { z } from "zod";
import { CLIENT } from "./chat.ts";
import type { AssetKind } from "./record.ts";

/**
 * What a string in a schema stands for beyond being a string. Names and paths are turned into each other at the road's
 * edges by this registry alone: inside a call an op sees absolute paths, outside it a client sees names.
 *
 * Inputs: `dataset`, `model` and `feature_view` name something registered (`loans`, `loans@2`, `loans@prod`), the first
 * also a file; `asset` any of them; `file` is an existing file in the allowed folders; `source` is a file, a folder, a
 * glob, a URL or `sample:<name>`; `target` is a file or folder there that is to be written, or a PostgreSQL address; `tracking` is an MLflow store: a folder, `sqlite:///…` or a URL;
 * `language_model` is a registered model, a GGUF file, a folder of safetensors, or a name that a server knows.
 * Outputs: `new_dataset` and the like are folders the op wrote; the road registers them and puts the name there.
 */
export type Reference =
  | AssetKind
  | "asset"
  | "file"
  | "source"
  | "target"
  | "tracking"
  | "language_model"
  | `new_${AssetKind}`;

export const references = z.registry<{ reference: Reference }>();

/**
 * Fields that few calls need. They are fields like any other, but `tools/list`, which a model reads whole each time, names
 * them together in one property, `more`, instead of one by one; a call may give them either way.
 */
const rarely = z.registry<{ rare: true }>();

export function rare<S extends z.ZodType>(schema: S): S {
  rarely.add(schema, { rare: true });
  return schema;
}

export const isRare = (schema: z.core.$ZodType) => rarely.get(schema)?.rare === true;

/** Fields that name a language model by a word; a call in which one is the client's own cannot become a job. */
const speakers = z.registry<{ speaker: true }>();

export function speaker<S extends z.ZodType>(schema: S): S {
  speakers.add(schema, { speaker: true });
  return schema;
}

/** Whether these parameters ask for the client's own model, which only the request itself can reach. */
export const asksClient = (schema: z.ZodObject, params: Readonly<Record<string, unknown>>) =>
  Object.entries(schema.shape).some(([field, one]) => params[field] === CLIENT && speakers.has(one));

const marked = (reference: Reference, description: string) =>
  z.string().min(1).max(1024).describe(description).register(references, { reference });

export const dataset = (description = "Name or file.") => marked("dataset", description);
export const model = (description = "Its name.") => marked("model", description);
export const featureView = (description = "Its name.") => marked("feature_view", description);
export const asset = (description: string) => marked("asset", description);
export const file = (description: string) => marked("file", description);
export const source = (description: string) => marked("source", description);
export const target = (description: string) => marked("target", description);
export const tracking = (description: string) => marked("tracking", description);
export const languageModel = (description: string) => marked("language_model", description);
export const newDataset = (description = "Name and version it was registered under.") =>
  marked("new_dataset", description);
export const newModel = (description = "Name and version it was registered under.") => marked("new_model", description);

export const newFeatureView = (description = "Name and version it was registered under.") =>
  marked("new_feature_view", description);

const COLLECTION = /^collection:([A-Za-z][A-Za-z0-9_.-]{0,63})$/;

/** The collection of documents that a source names, as `collection:handbook`. */
export const collectionIn = (name: string): string | undefined => COLLECTION.exec(name)?.[1];

/** A name given to something that will be registered. */
export const newName = (description: string) =>
  z
    .string()
    .regex(
      /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
      "a name starts with a letter and has letters, digits, `_`, `.` and `-`, at most 64",
    )
    .describe(description);

export const column = (description: string) => z.string().min(1).max(256).describe(description);
export const columns = (description: string) => z.array(z.string().min(1).max(256)).max(1000).describe(description);

export const seed = rare(
  z.int().min(0).max(4294967295).default(0).describe("Random seed; the same call gives the same numbers."),
);
export const detail = rare(z.enum(["concise", "full"]).default("concise").describe("How much to return."));
export const limit = rare(z.int().min(1).max(200).default(20).describe("Most items to return."));
export const cursor = rare(z.string().max(200).optional().describe("`next_cursor` of the page before."));
export const confirm = z.boolean().default(false).describe("For what cannot be undone.");

/** What a long tool takes besides its work: it answers within `wait_seconds`, then goes on as a job. */
export const job = {
  wait_seconds: rare(
    z.number().min(0).max(45).default(20).describe("How long to wait before answering with a `job_id`."),
  ),
  job_id: rare(z.string().max(64).optional().describe("A job to wait for; its handle says when.")),
  cancel: rare(z.boolean().default(false).describe("With `job_id`: stop it.")),
};

/** A file a call made for a person to look at or keep: a plot, a report, an export. */
export const Artifact = z
  .strictObject({
    path: z.string().describe("Absolute path."),
    uri: z.string().describe("ml://artifacts/… resource."),
    title: z.string(),
  })
  .meta({ id: "Artifact" });
export type Artifact = z.infer<typeof Artifact>;

/** Every artifact that a result carries, however deep. */
export function artifactsIn(value: unknown): readonly Artifact[] {
  if (value === null || typeof value !== "object") return [];
  const own = "uri" in value ? Artifact.safeParse(value).data : undefined;
  return own ? [own] : Object.values(value).flatMap(artifactsIn);
}
