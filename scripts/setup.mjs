// Makes a clone ready: Node, npm packages, the built server, the Python environment; with --data the data sets of the demo.
// Needs Node >= 18, npm and Python >= 3.11. Says what it does on stderr; a second run with nothing changed takes well under a second.
import { SetupError } from "./setup/command.mjs";
import { setup } from "./setup/run.mjs";

const usage = "npm run setup -- [--with <extra>]… [--dev] [--data]";

/** @param {readonly string[]} args */
function choices(args) {
  /** @type {string[]} */
  const extras = [];
  for (const [place, arg] of args.entries()) {
    const value = arg.startsWith("--with=")
      ? arg.slice("--with=".length)
      : args[place - 1] === "--with"
        ? arg
        : undefined;
    if (value !== undefined) extras.push(...value.split(",").filter((part) => part !== ""));
    else if (!["--with", "--dev", "--data"].includes(arg))
      throw new SetupError(`"${arg}" means nothing here.\n${usage}`);
  }
  if (args.at(-1) === "--with") throw new SetupError(`--with needs the name of an extra.\n${usage}`);
  return { extras, dev: args.includes("--dev"), data: args.includes("--data") };
}

const began = Date.now();
try {
  await setup(choices(process.argv.slice(2)));
  process.stderr.write(`ml-engine setup: ready (${((Date.now() - began) / 1000).toFixed(1)} s)\n`);
} catch (error) {
  process.stderr.write(
    `ml-engine setup: ${error instanceof SetupError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
}
