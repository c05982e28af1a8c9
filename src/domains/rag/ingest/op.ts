import { z } from "zod";
import { Mark } from "../../../kernel/documents.ts";

/** A file that may become a document. */
export const FoundFile = z
  .strictObject({
    id: z.string().describe("Path within its folder, or its name."),
    path: z.string(),
    root: z.string().describe("Folder it was found in; empty where it was named itself."),
    hash: z.string(),
    bytes: z.int(),
  })
  .meta({ id: "FoundFile" });
export type FoundFile = z.output<typeof FoundFile>;

export const Failure = z.strictObject({ document: z.string(), error: z.string() }).meta({ id: "IngestFailure" });
export type Failure = z.output<typeof Failure>;

/** `list` finds files and hashes them; `parse` reads some; `model` makes a folder's embedding model ready for use. */
export const OpParams = z.strictObject({
  step: z.enum(["list", "parse", "model"]),
  sources: z.array(z.string()),
  files: z.array(FoundFile),
  target: z.string().describe("Folder that a model's own is made in."),
});

export const ReadDocument = z
  .strictObject({
    file: FoundFile,
    title: z.string(),
    media_type: z.string(),
    text_file: z.string().describe("Absolute path of its text in UTF-8."),
    marks: z.array(Mark.meta({ id: "DocumentMark" })),
    warnings: z.array(z.string()),
  })
  .meta({ id: "ReadDocument" });

export const OpResult = z.strictObject({
  files: z.array(FoundFile),
  documents: z.array(ReadDocument),
  failures: z.array(Failure),
  model: z.string().describe("Its folder's name."),
});
export type OpResult = z.output<typeof OpResult>;
