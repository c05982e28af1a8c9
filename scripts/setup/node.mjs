// A Node new enough for the server: the one that runs this, or one that an npm package carries.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { run, SetupError, step } from "./command.mjs";
import { cache, isAtLeast, nodePackages, oldestNode, versionIn } from "./settings.mjs";
import { sha256 } from "./state.mjs";

/** @param {string} version */
export function isNodeNewEnough(version) {
  return isAtLeast(versionIn(version), oldestNode);
}

/** @returns {Promise<import("./state.mjs").Program>} */
export async function findNode() {
  if (isNodeNewEnough(process.versions.node)) return { path: process.execPath, version: process.versions.node };
  const chosen = Object.entries(nodePackages).find(
    ([platform]) => platform === `${process.platform}-${process.arch}`,
  )?.[1];
  if (!chosen) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: ${oldestNode.join(".")} is needed, and there is no package of it for ${process.platform} ${process.arch}. Install Node 24 and run \`npm run setup\` again.`,
    );
  }
  const home = join(cache, "node", chosen.version);
  const path = join(home, "node");
  if (existsSync(path) && sha256(path) === chosen.sha256) return { path, version: chosen.version };
  await step(`bringing Node ${chosen.version} (this one is ${process.versions.node}; about 40 MB)`, async () => {
    const part = join(cache, "node", "part");
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    await npm(
      process.execPath,
      [
        "install",
        "--prefix",
        part,
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        `${chosen.name}@${chosen.version}`,
      ],
      part,
    );
    const binary = join(part, "node_modules", chosen.name, "bin", "node");
    if (sha256(binary) !== chosen.sha256)
      throw new SetupError(
        `${chosen.name}@${chosen.version} does not carry the binary it should (SHA-256 differs). Nothing of it was kept.`,
      );
    mkdirSync(home, { recursive: true });
    chmodSync(binary, 0o755);
    renameSync(binary, path);
    rmSync(part, { recursive: true, force: true });
  });
  return { path, version: chosen.version };
}

/** The environment in which `node` is the given one. @param {string} node */
export function withNode(node) {
  return { ...process.env, PATH: [dirname(node), process.env["PATH"], dirname(process.execPath)].join(delimiter) };
}

/** Runs npm on the given Node. @param {string} node @param {readonly string[]} args @param {string} cwd */
export async function npm(node, args, cwd) {
  const script = process.env["npm_execpath"];
  const env = withNode(node);
  if (script?.endsWith(".js") && existsSync(script)) return await run(node, [script, ...args], { cwd, env });
  return await run("npm", args, { cwd, env });
}
