import { type Answer, Running, type TestClient } from "./client.ts";

/** What a call answers once it is done, however long its job takes on a busy machine. */
export async function finish(client: TestClient, tool: string, args: Record<string, unknown>): Promise<Answer> {
  let answer = await client.call(tool, { wait_seconds: 45, ...args });
  for (let job = Running.safeParse(answer.structured); job.success; job = Running.safeParse(answer.structured))
    answer = await client.call(tool, { job_id: job.data.job.job_id, wait_seconds: 45 });
  return answer;
}
