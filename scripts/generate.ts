// Writes what is derived from the definitions: the Python contract, docs/tools.md and the tables in README.md.
// With --check it writes nothing and fails where a file is not what it should be.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contracts } from "./generate/contract.ts";
import { documents } from "./generate/documents.ts";

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");
const drifted: string[] = [];

function emit(path: string, content: string): void {
  const target = join(root, path);
  if (existsSync(target) && readFileSync(target, "utf8") === content) return;
  drifted.push(path);
  if (!check) writeFileSync(target, content);
}

const python = join(root, "python/.venv/bin");
mkdirSync(join(root, "python/ml_engine/contract"), { recursive: true });

for (const [domain, schema] of contracts()) {
  emit(`python/ml_engine/contract/${domain}.json`, `${JSON.stringify(schema, null, 2)}\n`);
  emit(`python/ml_engine/contract/${domain}.py`, typedDicts(JSON.stringify(schema)));
}
for (const [path, content] of documents(root)) emit(path, content);

if (drifted.length === 0) process.stderr.write("Everything generated is up to date.\n");
else process.stderr.write(`${check ? "Out of date" : "Written"}: ${drifted.join(", ")}\n`);
if (check && drifted.length > 0) process.exitCode = 1;

function typedDicts(schema: string): string {
  const folder = mkdtempSync(join(tmpdir(), "contract-"));
  try {
    writeFileSync(join(folder, "in.json"), schema);
    execFileSync(
      join(python, "datamodel-codegen"),
      [
        "--input",
        "in.json",
        "--output",
        "out.py",
        "--input-file-type",
        "jsonschema",
        "--output-model-type",
        "typing.TypedDict",
        "--target-python-version",
        "3.11",
        "--disable-timestamp",
        "--use-union-operator",
        "--use-standard-collections",
        "--enum-field-as-literal",
        "all",
        "--use-field-description",
        "--custom-file-header",
        "# Generated from the tool definitions; change those and run `npm run gen`.",
        "--skip-root-model",
        "--use-double-quotes",
        "--formatters",
        "ruff-format",
        "--disable-future-imports",
      ],
      {
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"],
        env: { ...process.env, PATH: `${python}:${process.env["PATH"] ?? ""}` },
      },
    );
    return readFileSync(join(folder, "out.py"), "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
