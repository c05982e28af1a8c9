import type { Collection } from "../../../kernel/collections.ts";
import type { Found } from "./diagnose.ts";
import { NOWHERE } from "./stages.ts";

/** The id of a document named whole, by its file name, or by a part that is one's alone. */
export async function nameOf(document: string, collection: Collection): Promise<string | undefined> {
  const ids = (await collection.documents()).map(({ id }) => id);
  if (ids.includes(document)) return document;
  const ending = ids.filter((id) => id.endsWith(`/${document}`) || document.endsWith(`/${id}`));
  return ending.length === 1 ? ending[0] : undefined;
}

export async function notIngested(document: string, collection: Collection): Promise<Found> {
  const ids = (await collection.documents()).map(({ id }) => id);
  const name = document.split("/").at(-1)?.toLowerCase() ?? "";
  const stem = name.replace(/\.[^.]+$/, "");
  const near = ids.filter((id) => id.toLowerCase().includes(stem)).slice(0, 5);
  return {
    lost_at: "ingest",
    evidence: [
      `${collection.name} holds no document \`${document}\` among its ${ids.length}.`,
      ...(near.length > 0 ? [`Like it: ${near.join(", ")}.`] : []),
    ],
    fix: [
      `Call ml_rag_ingest with collection "${collection.name}" and the file as source; its failures say what cannot be read.`,
    ],
    ranks: NOWHERE,
  };
}

/** Whether the words that answer lie in no chunk as a whole. */
export async function splitBadly(id: string, passage: string, collection: Collection): Promise<Found | undefined> {
  const plain = (text: string) => text.replaceAll(/\s+/g, " ").trim().toLowerCase();
  const wanted = plain(passage);
  const row = await collection.document(id);
  if (!plain(row?.text ?? "").includes(wanted))
    return {
      lost_at: "ingest",
      evidence: [
        `The stored text of ${id} does not hold these words: its reader left them out or wrote them otherwise.`,
      ],
      fix: [`ml_rag_manage with action "read" shows the stored text; a scan needs its text recognised first.`],
      ranks: NOWHERE,
    };
  const chunks = await collection.chunksOf(id);
  if (chunks.some(({ text }) => plain(text).includes(wanted))) return undefined;
  const head = wanted.slice(0, 40);
  const cut = chunks.find(({ text }) => plain(text).includes(head.slice(0, 15)));
  return {
    lost_at: "chunking",
    evidence: [
      `No chunk of ${id} holds these words whole: they are cut${cut ? ` after chunk ${cut.ordinal}, which ends at character ${cut.end}` : ""}.`,
    ],
    fix: [
      `Ingest with overlap_tokens (now ${collection.settings.chunking.overlap_tokens}), a larger size_tokens (now ${collection.settings.chunking.size_tokens}) or strategy parent_child.`,
    ],
    ranks: NOWHERE,
  };
}
