// `node scripts/with-setup.mjs [--dev] [--data] [--with=<extra>,…] <script.ts> [args]`: sets up what is missing, then runs the script on the right Node.
import { spawn } from "node:child_process";
import { SetupError } from "./setup/command.mjs";
import { withNode } from "./setup/node.mjs";
import { setup } from "./setup/run.mjs";

const args = process.argv.slice(2);
const first = args.findIndex((arg) => !arg.startsWith("--"));
const options = args.slice(0, first);

try {
  const extras = options.flatMap((option) => (option.startsWith("--with=") ? option.slice(7).split(",") : []));
  const { node } = await setup({ dev: options.includes("--dev"), data: options.includes("--data"), extras });
  const path = node?.path ?? process.execPath;
  const child = spawn(path, args.slice(first), { stdio: "inherit", env: withNode(path) });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
    process.on(signal, () => child.kill(signal));
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
  });
} catch (error) {
  process.stderr.write(
    `ml-engine setup: ${error instanceof SetupError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
}
