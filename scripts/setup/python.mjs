// The Python environment, from the committed lock and this machine's own index.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, SetupError } from "./command.mjs";
import { addressesIn, bind, hashesIn } from "./lock-addresses.mjs";
import { cache, root } from "./settings.mjs";
import { uvEnvironment } from "./uv.mjs";

const project = join(root, "python");

/** Where the interpreter with the locked packages is. */
export const interpreter = join(project, ".venv", "bin", "python");

/** The extras that pyproject.toml offers. @param {string} [pyproject] its text */
export function extrasOffered(pyproject = readFileSync(join(project, "pyproject.toml"), "utf8")) {
  const lines = pyproject.split("\n");
  const begin = lines.indexOf("[project.optional-dependencies]");
  if (begin < 0) return [];
  const length = lines.slice(begin + 1).findIndex((line) => line.startsWith("["));
  const section = lines.slice(begin + 1, length < 0 ? undefined : begin + 1 + length);
  return section.flatMap((line) => /^([A-Za-z0-9_-]+)\s*=/.exec(line)?.[1] ?? []);
}

/**
 * @typedef {{ python: string, uv: string, dev: boolean, extras: readonly string[] }} Choice
 * @param {Choice} choice
 */
export async function syncPython({ python, uv, dev, extras }) {
  const bound = join(cache, "python");
  const env = { ...(await uvEnvironment(python)), UV_PROJECT_ENVIRONMENT: join(project, ".venv") };
  await bindLock(bound, uv, python, env);
  const chosen = extras.flatMap((extra) => ["--extra", extra]);
  await run(
    uv,
    [
      "sync",
      "--frozen",
      "--project",
      bound,
      "--python",
      python,
      "--compile-bytecode",
      dev ? "--dev" : "--no-dev",
      ...chosen,
    ],
    { cwd: root, env },
  );
}

/**
 * Writes pyproject.toml and a lock with addresses into `folder`.
 * @param {string} folder @param {string} uv @param {string} python @param {NodeJS.ProcessEnv} env
 */
export async function bindLock(folder, uv, python, env) {
  const stripped = readFileSync(join(project, "uv.lock"), "utf8");
  const addresses = await indexOf(uv, python, env);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(project, "pyproject.toml"), join(folder, "pyproject.toml"));
  const { index, files } = addresses;
  writeFileSync(join(folder, "uv.lock"), bind(stripped, { index, files: files ?? `${index}/files` }));
  if (files !== undefined) return;
  // This index serves files from addresses of its own: uv looks them up at the locked versions, and the hashes must be the locked ones.
  await run(uv, ["lock", "--project", folder, "--python", python], { env });
  const allowed = hashesIn(stripped);
  const other = [...hashesIn(readFileSync(join(folder, "uv.lock"), "utf8"))].filter((hash) => !allowed.has(hash));
  if (other.length > 0)
    throw new SetupError(
      `The Python index ${index} offers other files than the locked ones (${other.length} hashes differ). Set UV_DEFAULT_INDEX to one that mirrors them as they are.`,
    );
}

/**
 * What a lock made on this machine names as index and file server: a project of one tiny package tells.
 * @param {string} uv @param {string} python @param {NodeJS.ProcessEnv} env
 */
async function indexOf(uv, python, env) {
  const folder = join(cache, "index");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "pyproject.toml"),
    '[project]\nname = "index"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["typing-extensions"]\n',
  );
  await run(uv, ["lock", "--project", folder, "--python", python], { env });
  const { index, files } = addressesIn(readFileSync(join(folder, "uv.lock"), "utf8"));
  rmSync(folder, { recursive: true, force: true });
  if (index === undefined)
    throw new SetupError(
      "uv did not say which Python index it uses. Set UV_DEFAULT_INDEX to its address and run `npm run setup` again.",
    );
  return { index, files };
}
