import type { Parsed } from "../../../kernel/documents.ts";
import { ToolError } from "../../../kernel/errors.ts";
import type { Ports } from "../../../kernel/ports.ts";
import { type Failure, type FoundFile, OpResult } from "./op.ts";

/** Files that are parsed in one go, and the most bytes of them. */
const [FILES_AT_ONCE, BYTES_AT_ONCE] = [32, 2 * 2 ** 20];
const LONGEST_TEXT_BYTES = 512 * 2 ** 20;

export const op = async (
  ports: Ports,
  step: "list" | "parse" | "model",
  asked: { sources?: readonly string[]; files?: readonly FoundFile[]; target?: string },
) => OpResult.parse(await ports.python({ step, sources: [], files: [], target: "", ...asked }));

/** What is read of files, batch by batch; while one is worked on, the next is read already. */
export async function* readings(
  files: readonly FoundFile[],
  labels: readonly string[],
  ports: Ports,
): AsyncGenerator<{ documents: Parsed[]; failures: Failure[] }> {
  const all = batches(files);
  let next = all[0] && parsed(all[0], labels, ports);
  for (let place = 1; next; place += 1) {
    const read = await next;
    const batch = all[place];
    next = batch && parsed(batch, labels, ports);
    // Should it fail before its turn, it fails in its turn.
    next?.catch(() => {});
    yield read;
  }
}

function batches(files: readonly FoundFile[]): FoundFile[][] {
  const all: FoundFile[][] = [];
  let bytes = 0;
  for (const file of files) {
    const last = all.at(-1);
    if (last && last.length < FILES_AT_ONCE && bytes + file.bytes <= BYTES_AT_ONCE) last.push(file);
    else {
      all.push([file]);
      bytes = 0;
    }
    bytes += file.bytes;
  }
  return all;
}

/** What could be read of a batch. Where a file takes the worker down with it, the others are read without it. */
async function parsed(
  files: readonly FoundFile[],
  labels: readonly string[],
  ports: Ports,
): Promise<{ documents: Parsed[]; failures: Failure[] }> {
  try {
    const { documents, failures } = await op(ports, "parse", { files });
    return {
      failures,
      documents: documents.map(({ file, text_file, ...rest }) => ({
        ...rest,
        id: file.id,
        source: file.path,
        root: file.root,
        hash: file.hash,
        bytes: file.bytes,
        labels,
        text: ports.readText("source", text_file, LONGEST_TEXT_BYTES),
      })),
    };
  } catch (error) {
    if (ports.signal.aborted || !(error instanceof ToolError)) throw error;
    const [only] = files;
    if (only && files.length === 1)
      return {
        documents: [],
        failures: [{ document: only.id, error: `Reading it ended its reader. ${error.message} Leave it out.` }],
      };
    const middle = files.length >> 1;
    const first = await parsed(files.slice(0, middle), labels, ports);
    const second = await parsed(files.slice(middle), labels, ports);
    return {
      documents: [...first.documents, ...second.documents],
      failures: [...first.failures, ...second.failures],
    };
  }
}
