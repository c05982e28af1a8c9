// `npm run lock`: brings both lock files up to date with package.json and python/pyproject.toml, for every platform and without addresses.
// Arguments go to uv: `npm run lock -- --upgrade-package polars`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./setup/command.mjs";
import { strip } from "./setup/lock-addresses.mjs";
import { findNode, npm } from "./setup/node.mjs";
import { complete } from "./setup/platform-siblings.mjs";
import { bindLock } from "./setup/python.mjs";
import { cache, root } from "./setup/settings.mjs";
import { findPython, findUv, uvEnvironment } from "./setup/uv.mjs";

const { path: node } = await findNode();
await npm(node, ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"], root);
const npmLock = join(root, "package-lock.json");
writeFileSync(npmLock, `${JSON.stringify(complete(JSON.parse(readFileSync(npmLock, "utf8"))), null, 2)}\n`);

const { path: python } = await findPython();
const { path: uv } = await findUv(python);
const env = await uvEnvironment(python);
const folder = join(cache, "lock");
await bindLock(folder, uv, python, env);
await run(uv, ["lock", "--project", folder, "--python", python, ...process.argv.slice(2)], { env });
writeFileSync(join(root, "python/uv.lock"), strip(readFileSync(join(folder, "uv.lock"), "utf8")));
