import { z } from "zod";
import type { TestClient } from "../../support/client.ts";

const Job = z.looseObject({ job: z.looseObject({ job_id: z.string() }).optional() });

/** Calls ml_rag_ingest and waits until it is done, however long that takes; answers its text. */
export async function ingested(client: TestClient, args: Readonly<Record<string, unknown>>): Promise<string> {
  let answer = await client.call("ml_rag_ingest", { ...args, wait_seconds: 45 });
  for (;;) {
    if (answer.isError) throw new Error(answer.text);
    const { job } = Job.parse(answer.structured);
    if (!job) return answer.text;
    answer = await client.call("ml_rag_ingest", { job_id: job.job_id, wait_seconds: 45 });
  }
}
