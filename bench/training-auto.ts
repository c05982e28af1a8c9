// `auto` against FLAML and the defaults of LightGBM and a random forest, on five real sets that packages ship, at equal time
// on the same outer splits: the mean rank by the score on rows that nobody trained on. The peers run in an environment of
// their own. BENCH_SECONDS and BENCH_SPLITS for a shorter try than 60 seconds on three splits (about half an hour).
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const PEERS = [
  "flaml==2.7.0",
  "lightgbm==4.7.0",
  "xgboost-cpu==2.1.4",
  "scikit-learn==1.9.1",
  "pandas==3.1.1",
  "numpy==2.4.6",
];
const SETS = ["breast_cancer", "diabetes", "digits", "german", "adult"];
const WHO = ["ours", "flaml", "lightgbm", "random_forest"];
const seconds = Number(process.env["BENCH_SECONDS"] ?? 60);
const splits = Number(process.env["BENCH_SPLITS"] ?? 3);
const root = join(import.meta.dirname, "..");
const own = join(root, "python/.venv/bin/python");
const home = join(root, ".cache/bench/peers/training-auto");
const peers = join(home, ".venv/bin/python");
const script = join(import.meta.dirname, "training-auto.py");
const Score = z.strictObject({ score: z.number(), seconds: z.number(), chose: z.string() });

mkdirSync(home, { recursive: true });
execFileSync("uv", ["venv", "--quiet", "--allow-existing", "--python", "3.11", join(home, ".venv")]);
execFileSync("uv", ["pip", "install", "--quiet", "--python", peers, ...PEERS]);
const tables = mkdtempSync(join(tmpdir(), "bench-auto-"));
const data = join(root, ".cache/data");
execFileSync(own, [
  join(import.meta.dirname, "training-tables.py"),
  tables,
  join(data, "german.csv"),
  join(data, "adult/adult.csv"),
  String(splits),
]);

const ranks = new Map<string, number[]>(WHO.map((who) => [who, []]));
const sets: Record<string, Record<string, string>> = {};
for (const set of SETS) {
  const shown = new Map<string, z.infer<typeof Score>[]>(WHO.map((who) => [who, []]));
  for (let split = 0; split < splits; split += 1) {
    const scores = WHO.map((who) => [who, run(who, set, split)] as const);
    for (const [who, found] of scores) {
      shown.get(who)?.push(found);
      const above = scores.filter(([, { score }]) => score > found.score + 1e-9).length;
      const level = scores.filter(([, { score }]) => Math.abs(score - found.score) <= 1e-9).length;
      ranks.get(who)?.push(above + (level + 1) / 2);
    }
    process.stderr.write(
      `${set} ${split}: ${scores.map(([who, one]) => `${who} ${one.score.toFixed(4)}`).join(", ")}\n`,
    );
  }
  sets[set] = Object.fromEntries(
    [...shown].map(([who, found]) => [
      who,
      `${mean(found.map(({ score }) => score)).toFixed(4)} in ${mean(found.map((one) => one.seconds)).toFixed(1)} s (${[...new Set(found.map(({ chose }) => chose))].join(", ")})`,
    ]),
  );
}
rmSync(tables, { recursive: true, force: true });
const result = {
  bench: "training-auto",
  budget_seconds: seconds,
  splits,
  peers: PEERS,
  mean_rank: Object.fromEntries([...ranks].map(([who, found]) => [who, mean(found)])),
  sets,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);

function run(who: string, set: string, split: number): z.infer<typeof Score> {
  const mine = who === "ours";
  const output = execFileSync(mine ? own : peers, [script, who, tables, set, String(split), String(seconds)], {
    env: {
      ...process.env,
      ...(mine && { PYTHONPATH: join(root, "python") }),
      OMP_WAIT_POLICY: "PASSIVE",
      OMP_NUM_THREADS: "2",
    },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return Score.parse(JSON.parse(output.trim().split("\n").at(-1) ?? ""));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
