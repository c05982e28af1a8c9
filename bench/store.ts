// The record and the runs: events appended by one and by four processes and verified, and metrics a second against
// MLflow in the same run. `npm run bench -- store`
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { openStore } from "../src/store/store.ts";
import { median } from "./statistics.ts";

const EVENTS = 10_000;
const MANY_EVENTS = 100_000;
const REPEATS = 3;
const SINGLES = 2_000;
const BATCHES = 100;
const BATCH = 100;
const MLFLOW_SINGLES = 100;
const MLFLOW_BATCHES = 10;
const MLFLOW = "mlflow-skinny==3.17.2";
const Rates = z.object({ single: z.number(), batch: z.number() });

const repeated = async <T>(act: () => Promise<T>): Promise<T[]> => {
  const found: T[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) found.push(await act());
  return found;
};

const one = await repeated(() => appended(1, EVENTS));
const four = await repeated(() => appended(4, EVENTS));
const many = await appended(1, MANY_EVENTS, BATCH);
const ours = await repeated(metrics);
const theirs = await repeated(mlflow);
const rates = (found: readonly z.infer<typeof Rates>[]) => ({
  single_per_second: median(found.map(({ single }) => single)),
  batch_per_second: median(found.map(({ batch }) => batch)),
});
const [own, peer] = [rates(ours), rates(theirs)];
const result = {
  bench: "store",
  repeats: REPEATS,
  events: {
    count: EVENTS,
    one_process_per_second: median(one.map(({ rate }) => rate)),
    four_processes_per_second: median(four.map(({ rate }) => rate)),
    verify_ms: median([...one, ...four].map(({ verify_ms }) => verify_ms)),
    verify_100k_ms: many.verify_ms,
  },
  metrics: {
    batch: BATCH,
    ml_engine: own,
    [MLFLOW]: peer,
    times_faster: {
      single: own.single_per_second / peer.single_per_second,
      batch: own.batch_per_second / peer.batch_per_second,
    },
  },
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);

/** Appends `count` events in all from several processes that begin together, and verifies them. */
async function appended(processes: number, count: number, batch = 1): Promise<{ rate: number; verify_ms: number }> {
  return await inFolder(async (folder) => {
    (await openStore(folder)).close();
    const children = Array.from({ length: processes }, () =>
      spawn(
        process.execPath,
        [join(import.meta.dirname, "append-events.ts"), folder, String(count / processes), String(batch)],
        {
          stdio: ["pipe", "pipe", "inherit"],
        },
      ),
    );
    await Promise.all(children.map(({ stdout }) => once(stdout, "data")));
    const at = performance.now();
    for (const { stdin } of children) stdin.end("go\n");
    await Promise.all(children.map((child) => once(child.stdout, "data")));
    const rate = count / ((performance.now() - at) / 1000);
    const store = await openStore(folder);
    const before = performance.now();
    const { ok, size, problem } = store.events.verify();
    const verify_ms = performance.now() - before;
    store.close();
    if (!ok || size !== count) throw new Error(`The record of ${size} events is not whole: ${problem}`);
    return { rate, verify_ms };
  });
}

async function metrics(): Promise<z.infer<typeof Rates>> {
  return await inFolder(async (folder) => {
    const { runs, close } = await openStore(folder);
    runs.start({ id: "r", experiment: "bench", name: "r", tool: "bench", info: {}, params: {} });
    const time = Date.now();
    const single = perSecond(SINGLES, () => {
      for (let step = 0; step < SINGLES; step += 1) {
        runs.metrics("r", [{ key: "single", value: step * 0.5, step, time: time + step }]);
      }
    });
    const batch = perSecond(BATCHES * BATCH, () => {
      for (let first = 0; first < BATCHES * BATCH; first += BATCH) {
        const steps = Array.from({ length: BATCH }, (_, at) => first + at);
        runs.metrics(
          "r",
          steps.map((step) => ({ key: "batch", value: step * 0.5, step, time: time + step })),
        );
      }
    });
    close();
    return { single, batch };
  });
}

async function mlflow(): Promise<z.infer<typeof Rates>> {
  return await inFolder(async (folder) => {
    const packages = [MLFLOW, "sqlalchemy", "alembic"].flatMap((name) => ["--with", name]);
    const script = join(import.meta.dirname, "mlflow-metrics.py");
    const counts = [MLFLOW_SINGLES, MLFLOW_BATCHES, BATCH].map(String);
    const args = ["run", "--no-project", "--quiet", ...packages, "python", script, folder, ...counts];
    const output = execFileSync("uv", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return Rates.parse(JSON.parse(output.trim().split("\n").at(-1) ?? ""));
  });
}

function perSecond(count: number, act: () => void): number {
  const at = performance.now();
  act();
  return count / ((performance.now() - at) / 1000);
}

async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "bench-store-"));
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
