// uv, and the Python it works with.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { probe, run, SetupError, step } from "./command.mjs";
import { cache, isAtLeast, newestPython, oldestPython, oldestUv, uvVersion, versionIn } from "./settings.mjs";

/** @returns {Promise<import("./state.mjs").Program>} */
export async function findPython() {
  for (const name of ["python3", "python3.13", "python3.12", "python3.11"]) {
    const answer = await probe(name, ["-c", "import sys; print(sys.version.split()[0]); print(sys.executable)"]);
    const [version = "", path = ""] = (answer ?? "").trim().split("\n");
    const numbers = versionIn(version).slice(0, 2);
    if (path && isAtLeast(numbers, oldestPython) && isAtLeast(newestPython, numbers)) return { path, version };
  }
  throw new SetupError(
    `There is no Python from ${oldestPython.join(".")} to ${newestPython.join(".")} on the PATH. Install one (Debian and Ubuntu: \`sudo apt-get install python3 python3-venv\`; macOS: \`brew install python@3.13\`) and run \`npm run setup\` again.`,
  );
}

/** @param {string} python @returns {Promise<import("./state.mjs").Program>} */
export async function findUv(python) {
  const answer = await probe("uv", ["--version"]);
  const found = versionIn(answer ?? "");
  if (answer && isAtLeast(found, oldestUv)) return { path: "uv", version: found.join(".") };
  const home = join(cache, "uv", uvVersion);
  const path = join(home, "bin", "uv");
  if (!existsSync(path)) await step(`bringing uv ${uvVersion}`, () => installUv(python, home));
  return { path, version: uvVersion };
}

/** @param {string} python @param {string} home */
async function installUv(python, home) {
  const part = join(cache, "uv", "part");
  rmSync(part, { recursive: true, force: true });
  mkdirSync(join(cache, "uv"), { recursive: true });
  const install = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--only-binary",
    ":all:",
    `uv==${uvVersion}`,
  ];
  if ((await probe(python, ["-m", "pip", "--version"])) !== undefined)
    await run(python, [...install, "--target", part]);
  else if ((await probe(python, ["-c", "import ensurepip"])) !== undefined) {
    await run(python, ["-m", "venv", part]);
    await run(join(part, "bin", "python"), install);
  } else {
    throw new SetupError(
      "uv is missing, and this Python has neither pip nor venv to bring it. Install one of them (Debian and Ubuntu: `sudo apt-get install python3-venv`) or uv itself, and run `npm run setup` again.",
    );
  }
  renameSync(part, home);
}

/**
 * The environment for uv: where only pip knows of a mirror or of certificates, uv is told.
 * @param {string} python
 */
export async function uvEnvironment(python) {
  const { PYTHONDONTWRITEBYTECODE: _, VIRTUAL_ENV: __, ...env } = process.env;
  const configured =
    env["UV_DEFAULT_INDEX"] ??
    env["UV_INDEX_URL"] ??
    [join(env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "uv/uv.toml"), "/etc/uv/uv.toml"].find((path) =>
      existsSync(path),
    );
  const index =
    configured === undefined
      ? (env["PIP_INDEX_URL"] ?? (await probe(python, ["-m", "pip", "config", "get", "global.index-url"]))?.trim())
      : undefined;
  const certificates = env["SSL_CERT_FILE"] ?? env["PIP_CERT"];
  return {
    ...env,
    UV_NO_PROGRESS: "1",
    UV_PYTHON_DOWNLOADS: "never",
    ...(index && { UV_DEFAULT_INDEX: index }),
    ...(certificates && { SSL_CERT_FILE: certificates }),
  };
}
