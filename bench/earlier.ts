import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Results = z.looseObject({ figures: z.record(z.string(), z.unknown()) });

/** What a benchmark's last run left in bench/results, for parts that are not measured this time; empty where there is none. */
export function earlierFigures(name: string): Record<string, unknown> {
  const file = join(import.meta.dirname, "results", `${name}.json`);
  return existsSync(file) ? Results.parse(JSON.parse(readFileSync(file, "utf8"))).figures : {};
}
