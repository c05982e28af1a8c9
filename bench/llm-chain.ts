// The test that is too long for every run: from examples to a served model with SmolLM2's real weights, step by step as
// tests/e2e/language.test.ts has it. `npm run setup -- --with llm,llamacpp,ollama`, then `npm run bench -- llm-chain`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { root } from "./peer-python.ts";

const Assertion = z.object({
  ...{ status: z.string(), duration: z.number().nullish() },
  failureMessages: z.array(z.string()),
});
const Report = z.object({ testResults: z.array(z.object({ assertionResults: z.array(Assertion) })) });

const folder = mkdtempSync(join(tmpdir(), "bench-llm-chain-"));
const file = join(folder, "vitest.json");
spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    ...["run", "--reporter=json", `--outputFile=${file}`, "tests/e2e/language.test.ts", "-t", "SmolLM2"],
  ],
  { cwd: root, stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ML_ENGINE_REAL_MODEL: "1" } },
);
const { testResults } = Report.parse(JSON.parse(readFileSync(file, "utf8")));
rmSync(folder, { recursive: true, force: true });
const test = testResults.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status !== "skipped");
for (const message of test?.failureMessages ?? []) process.stderr.write(`${message}\n`);
if (test?.status !== "passed") process.exitCode = 1;
const SmolLM2 = { status: test?.status, seconds: (test?.duration ?? 0) / 1000 };
process.stdout.write(`${JSON.stringify({ bench: "llm-chain", SmolLM2 }, null, 2)}\n`);
