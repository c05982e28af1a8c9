// Drives the first journeys as an agent would: a real MCP client over stdio, real census data with protected attributes, from
// "here is a CSV" to an audited, explained model; then a handbook that is asked. All it makes stays in the workspace it names.
// `npm run demo -- --write` also keeps what was said in docs/demo.md, from which the README takes its example.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const data = join(root, ".cache/data/adult/adult.csv");
const handbook = join(root, "tests/fixtures/python-faq");
const workspace = process.env["ML_ENGINE_WORKSPACE"] ?? join(root, ".cache/demo");
const started = performance.now();
const transcript: string[] = [];

const Result = z.object({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  structuredContent: z.record(z.string(), z.unknown()).default({}),
  isError: z.boolean().default(false),
});
const Running = z.object({ job: z.object({ job_id: z.string() }) });

if (!existsSync(data)) throw new Error("The demo's data is not here: run `npm run setup -- --data`.");
mkdirSync(workspace, { recursive: true });

const client = new Client({ name: "ml-engine-demo", version: "1.0.0" });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [join(root, "bin/ml-engine.mjs"), "--log-level", "warn"],
    env: {
      ...process.env,
      ML_ENGINE_WORKSPACE: workspace,
      ML_ENGINE_ALLOW_DIRS: [join(root, ".cache/data"), handbook].join(delimiter),
    },
    stderr: "inherit",
  }),
);

const { tools } = await client.listTools();
say(`Connected to ML Engine: ${tools.length} tools. Workspace: ${workspace}`);
say("The person: “Here is a CSV of census records. Can I trust a model that predicts income on it?”\n");

await step("Bring the file in", "ml_data_ingest", { source: data, name: "adult" });
await step("Is the data sound?", "ml_data_validate", { dataset: "adult", action: "check" });
await step("What is in it?", "ml_data_profile", { dataset: "adult", target: "income" });
await step("Keep a quarter aside", "ml_data_transform", {
  dataset: "adult",
  steps: [
    { op: "deduplicate" },
    { op: "drop", columns: ["fnlwgt"] },
    { op: "split", method: "stratified", by: "income", shares: { train: 0.75, test: 0.25 } },
  ],
});
await step("Train a first model", "ml_training_train", {
  dataset: "adult_train",
  target: "income",
  task: "classification",
  family: "lightgbm",
  model_name: "income",
});
await step("Look for a better one", "ml_training_sweep", {
  dataset: "adult_train",
  target: "income",
  task: "classification",
  family: "lightgbm",
  trials: 6,
  time_budget_seconds: 10,
  model_name: "income-tuned",
});
await step("How good is it on rows it never saw?", "ml_training_evaluate", {
  model: "income-tuned",
  dataset: "adult_test",
  compare_to: "income",
});
await step("Is it fair?", "ml_safety_fairness", {
  model: "income-tuned",
  dataset: "adult_test",
  sensitive: ["sex", "race"],
});
await step("What does it look at?", "ml_interpretability_importance", { model: "income-tuned", dataset: "adult_test" });
await step("Why this answer for this person?", "ml_transparency_explain", {
  model: "income-tuned",
  dataset: "adult_test",
  row: 7,
});
const card = await step("Write it down", "ml_zoo_card", { model: "income-tuned" });
await step("Make the handbook searchable", "ml_rag_ingest", { collection: "python-faq", source: handbook });
await step("Ask it, and hold an answer against what it says", "ml_rag_query", {
  collection: "python-faq",
  query: "Why are Python strings immutable?",
  k: 3,
  token_budget: 400,
  answer_text:
    "Knowing that a string is immutable means we can allocate space for it at creation time [1]. Strings were made immutable in 1998.",
  view: true,
});
const verdict = await step("Is the record whole?", "ml_transparency_audit", { action: "verify" });

await client.close();
const reports = filesIn(card).filter((path) => path.endsWith(".html"));
say(`\nThe record is ${verdict["ok"] === true ? "whole" : "NOT whole"}: ${String(verdict["checked"])} events checked.`);
say(`The report, with its plots: ${reports.join(", ")}`);
say(`Done in ${seconds(started)} s.`);
if (verdict["ok"] !== true || reports.length === 0) process.exitCode = 1;
else if (process.argv.includes("--write")) {
  const text = transcript
    .join("\n")
    .replaceAll(workspace, "…")
    .replaceAll(data, "adult.csv")
    .replaceAll(handbook, "python-faq");
  writeFileSync(
    join(root, "docs/demo.md"),
    `# The demo, as the agent sees it\n\nWritten by \`npm run demo -- --write\`.\n\n\`\`\`text\n${text}\n\`\`\`\n`,
  );
}

/** One tool call, shown as the agent sees it; a job is waited for to its end. */
async function step(title: string, name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const at = performance.now();
  say(`\n── ${title}\n→ ${name} ${JSON.stringify(args)}`);
  let shown = 0;
  const options = {
    timeout: 100_000,
    onprogress: ({
      progress,
      total = 1,
      message = "",
    }: {
      progress: number;
      total?: number | undefined;
      message?: string | undefined;
    }) => {
      if (performance.now() - shown < 1000) return;
      shown = performance.now();
      say(`  … ${Math.round((100 * progress) / total)} % ${message}`);
    },
  };
  let result = Result.parse(await client.callTool({ name, arguments: args }, options));
  for (
    let job = Running.safeParse(result.structuredContent);
    job.success;
    job = Running.safeParse(result.structuredContent)
  ) {
    result = Result.parse(
      await client.callTool({ name, arguments: { ...args, job_id: job.data.job.job_id, wait_seconds: 45 } }, options),
    );
  }
  const text = result.content.flatMap((block) => block.text ?? (block.type === "image" ? "[picture]" : [])).join("\n");
  say(`${text.replace(/^/gm, "  ")}\n  (${seconds(at)} s)`);
  if (result.isError) {
    await client.close();
    throw new Error(`${name} failed.`);
  }
  return result.structuredContent;
}

function filesIn(value: unknown): string[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "path" && typeof inner === "string" ? [inner] : filesIn(inner),
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
  transcript.push(line);
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
