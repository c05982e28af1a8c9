// A model from nothing learns to add, through our tools alone: 10,000 sums are prepared and split, a small Llama with a token
// a byte learns from nineteen in twenty, and answers sums it has not seen, before and after. `npm run bench -- llm`; needs
// `npm run setup -- --with llm`; some three minutes on two free cores.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import { root } from "./peer-python.ts";

const Running = z.looseObject({ job: z.looseObject({ job_id: z.string() }) });
const Prepared = z.looseObject({
  datasets: z.array(z.looseObject({ part: z.string().nullable(), dataset: z.string(), rows: z.number() })),
});
const Tuned = z.looseObject({
  parameters: z.number(),
  seconds: z.number(),
  metrics: z.record(z.string(), z.number()),
  plan: z.looseObject({ steps: z.number(), effective_batch: z.number(), seconds: z.number() }),
});

const folder = mkdtempSync(join(tmpdir(), "bench-llm-"));
const digits = (value: number, width: number) => String(value).padStart(width, "0");
const sums = Array.from({ length: 10_000 }, (_, at) => [Math.floor(at / 100), at % 100] as const).map(([a, b]) => ({
  prompt: `${digits(a, 2)}+${digits(b, 2)}=`,
  completion: digits(a + b, 3),
}));
const source = join(folder, "sums.jsonl");
writeFileSync(source, sums.map((row) => `${JSON.stringify(row)}\n`).join(""));

const client = new Client({ name: "bench", version: "1" });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [
      join(root, "bin/ml-engine.mjs"),
      ...["--workspace", join(folder, "workspace"), "--allow-dir", folder, "--log-level", "error"],
    ],
  }),
);

async function call(name: string, args: Record<string, unknown>): Promise<unknown> {
  let answer = await client.callTool({ name, arguments: { ...args, wait_seconds: 45 } }, { timeout: 120_000 });
  for (;;) {
    if (answer.isError) throw new Error(JSON.stringify(answer.content));
    const running = Running.safeParse(answer.structuredContent);
    if (!running.success) return answer.structuredContent;
    const { job_id } = running.data.job;
    answer = await client.callTool({ name, arguments: { job_id, wait_seconds: 45 } }, { timeout: 120_000 });
  }
}

try {
  const { datasets } = Prepared.parse(
    await call("ml_llm_prepare", { dataset: source, name: "sums", eval_share: 0.05 }),
  );
  const [train, held] = datasets;
  const { metrics, ...tuned } = Tuned.parse(
    await call("ml_llm_finetune", {
      base_model: "new",
      architecture: { hidden_size: 128, layers: 3, heads: 4, context_tokens: 64 },
      dataset: train?.dataset,
      eval_dataset: held?.dataset,
      model_name: "adder",
      settings: { steps: 600, batch_size: 128, exact_match: 500, eval_every: 200 },
    }),
  );
  const figures = {
    bench: "llm",
    learnt: train?.rows,
    held_out: held?.rows,
    parameters: tuned.parameters,
    steps: tuned.plan.steps,
    batch: tuned.plan.effective_batch,
    exact_match_before: metrics["exact_match_before"],
    exact_match: metrics["exact_match"],
    loss_before: metrics["eval_loss_before"],
    loss: metrics["eval_loss"],
    seconds: tuned.seconds,
    estimated_seconds: tuned.plan.seconds,
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await client.close();
  rmSync(folder, { recursive: true, force: true });
}
