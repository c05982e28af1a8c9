import type { Answer, TestClient } from "../../support/client.ts";

/** The end of an ingest, however long a busy machine takes over it. */
export const ingested = (client: TestClient, args: Record<string, unknown>): Promise<Answer> =>
  client.call("ml_rag_ingest", args);
