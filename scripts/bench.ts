// Runs benchmarks by name (`npm run bench -- start call store`; all without a name), one after the other, and keeps each
// one's figures in bench/results/<name>.json, from which `npm run gen` writes bench/RESULTS.md.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const every = readdirSync(join(root, "bench")).flatMap((file) =>
  /^(?!statistics|append)([\w-]+)\.ts$/.test(file) ? [file.replace(".ts", "")] : [],
);
const chosen = process.argv.slice(2);
const machine = `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}`;

mkdirSync(join(root, "bench/results"), { recursive: true });
for (const name of chosen.length > 0 ? chosen : every) {
  process.stderr.write(`${name} …\n`);
  const { status, stdout } = spawnSync(process.execPath, [join(root, "bench", `${name}.ts`)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(stdout);
  if (status !== 0) {
    process.exitCode = 1;
    continue;
  }
  const figures: unknown = JSON.parse(stdout.slice(stdout.indexOf("{")));
  writeFileSync(
    join(root, "bench/results", `${name}.json`),
    `${JSON.stringify({ machine, date: new Date().toISOString().slice(0, 10), figures }, null, 2)}\n`,
  );
}
