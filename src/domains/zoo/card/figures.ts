import { artifactsIn } from "../../../kernel/fields.ts";
import type { ArtifactFolder } from "../../../kernel/ports.ts";
import type { EventRow } from "../../../kernel/record.ts";

const MOST_BYTES = 500_000;

/** A plot that a recorded call made. */
export interface Figure {
  readonly title: string;
  readonly png: Uint8Array;
}

/** The plots of the calls that a card rests on, as far as they are still kept. */
export function figures(events: readonly (EventRow | undefined)[], artifacts: ArtifactFolder): Figure[] {
  return events
    .flatMap((event) => artifactsIn(event?.body.result))
    .filter(({ uri }) => uri.endsWith(".png"))
    .flatMap(({ uri, title }) => {
      const png = artifacts.read(uri);
      return png !== undefined && png.length <= MOST_BYTES ? [{ title, png }] : [];
    });
}
