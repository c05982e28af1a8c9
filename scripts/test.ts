// Runs vitest and pytest and ends with `N passed, N failed`, added up from the results that the runners themselves write.
// Arguments choose: those under python/ or ending in .py go to pytest, the others to vitest; with none both run whole.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const python = join(root, "python");
const folder = mkdtempSync(join(tmpdir(), "ml-engine-results-"));
const given = process.argv.slice(2);
const forPytest = given.filter((arg) => arg.startsWith("python/") || arg.includes(".py"));
const forVitest = given.filter((arg) => !forPytest.includes(arg));

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What failed and how, said once more at the end: pytest prints much after vitest, and of a long log its end is kept. */
const failures: string[] = [];

const VitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).default([]) }),
      ),
    }),
  ),
});

function vitest(): Counts {
  const file = join(folder, "vitest.json");
  const status = start(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
      ...forVitest,
    ],
    root,
  );
  if (!existsSync(file)) return broken("vitest", status);
  const report = VitestReport.parse(JSON.parse(readFileSync(file, "utf8")));
  // A file that does not load has no tests of its own to fail.
  const unloaded = report.testResults.filter((each) => each.status === "failed" && each.assertionResults.length === 0);
  failures.push(
    ...unloaded.map(({ name, message }) => `${relative(root, name)}\n${message}`),
    ...report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter((each) => each.status === "failed")
        .map((each) => `${relative(root, name)}: ${each.fullName}\n${each.failureMessages.join("\n")}`),
    ),
  );
  return settled("vitest", status, {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  });
}

function pytest(): Counts {
  const file = join(folder, "pytest.xml");
  const paths = forPytest.map((arg) => (arg.startsWith("-") ? arg : relative(python, resolve(root, arg))));
  const status = start(
    join(python, ".venv/bin/python"),
    ["-m", "pytest", "-q", "--numprocesses=2", "--dist=loadfile", `--junitxml=${file}`, ...paths],
    python,
  );
  if (!existsSync(file)) return broken("pytest", status);
  const suite = /<testsuite [^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  return settled("pytest", status, {
    passed: count("tests") - failed - count("skipped"),
    failed,
    skipped: count("skipped"),
  });
}

function start(program: string, args: readonly string[], cwd: string): number {
  const { status, signal, error } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (signal || error) process.stderr.write(`${program} ended early: ${signal ?? error}\n`);
  return status ?? 1;
}

/** A runner that fails without a failed test, or ran none, counts as one failure. */
function settled(runner: string, status: number, counts: Counts): Counts {
  if (counts.failed === 0 && status !== 0) return { ...counts, failed: broken(runner, status).failed };
  if (counts.passed + counts.failed === 0) return broken(runner, status);
  return counts;
}

function broken(runner: string, status: number): Counts {
  process.stderr.write(`${runner} ended with status ${status} and without results of tests.\n`);
  return { passed: 0, failed: 1, skipped: 0 };
}

const runners =
  given.length === 0
    ? [vitest, pytest]
    : [...(forVitest.length > 0 ? [vitest] : []), ...(forPytest.length > 0 ? [pytest] : [])];
const results = runners.map((run) => run());
rmSync(folder, { recursive: true, force: true });
const total = (key: keyof Counts) => results.reduce((sum, counts) => sum + counts[key], 0);
for (const failure of failures) process.stdout.write(`failed: ${failure.slice(0, 3000)}\n`);
if (total("skipped") > 0) process.stdout.write(`${total("skipped")} skipped: what they need is not here\n`);
process.stdout.write(`${total("passed")} passed, ${total("failed")} failed\n`);
if (total("failed") > 0) process.exitCode = 1;
