// `npm run lock [-- --upgrade-package <name>]`: resolves python/pyproject.toml anew and keeps the lock free of addresses.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./setup/command.mjs";
import { strip } from "./setup/lock-addresses.mjs";
import { bindLock } from "./setup/python.mjs";
import { cache, root } from "./setup/settings.mjs";
import { findPython, findUv, uvEnvironment } from "./setup/uv.mjs";

const { path: python } = await findPython();
const { path: uv } = await findUv(python);
const env = await uvEnvironment(python);
const folder = join(cache, "lock");

await bindLock(folder, uv, python, env);
await run(uv, ["lock", "--project", folder, "--python", python, ...process.argv.slice(2)], { env });
writeFileSync(join(root, "python/uv.lock"), strip(readFileSync(join(folder, "uv.lock"), "utf8")));
