import type { Answer, TestClient } from "./client.ts";

/** The end of a call, which may go on as a job while the machine is busy. */
export async function finished(client: TestClient, tool: string, args: Record<string, unknown>): Promise<Answer> {
  let answer = await client.call(tool, args);
  for (;;) {
    const { job } = answer.structured;
    if (typeof job !== "object" || job === null || !("job_id" in job)) return answer;
    answer = await client.call(tool, { job_id: job.job_id, wait_seconds: 45 });
  }
}
