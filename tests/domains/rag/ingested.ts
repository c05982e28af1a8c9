import { z } from "zod";
import type { Answer, TestClient } from "../../support/client.ts";

const Job = z.object({ job: z.object({ job_id: z.string() }) });

/** The end of an ingest, however long a busy machine takes over it. */
export async function ingested(client: TestClient, args: Record<string, unknown>): Promise<Answer> {
  let answer = await client.call("ml_rag_ingest", { ...args, wait_seconds: 45 });
  for (let job = Job.safeParse(answer.structured); job.success; job = Job.safeParse(answer.structured))
    answer = await client.call("ml_rag_ingest", { ...args, job_id: job.data.job.job_id, wait_seconds: 45 });
  return answer;
}
