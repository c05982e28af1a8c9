import type { Answer, TestClient } from "../../support/client.ts";
import { finish } from "../../support/finish.ts";

/** The end of an ingest, however long a busy machine takes over it. */
export const ingested = (client: TestClient, args: Record<string, unknown>): Promise<Answer> =>
  finish(client, "ml_rag_ingest", args);
