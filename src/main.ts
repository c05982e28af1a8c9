import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { help, readConfig } from "./config.ts";
import { doctor } from "./doctor.ts";
import { domains } from "./domains/all.ts";
import { ToolError } from "./kernel/errors.ts";
import { createLog } from "./log.ts";
import { createParts } from "./mcp/create-parts.ts";
import { createServer } from "./mcp/server.ts";
import { instructions } from "./routing/instructions.ts";
import { prompts } from "./routing/prompts.ts";

const root = join(import.meta.dirname, "..");
const [command, ...rest] = process.argv.slice(2);

if (command === "--help" || command === "-h") process.stdout.write(help());
else if (command === "doctor") {
  process.stdout.write(
    await doctor(
      readConfig(
        rest.filter((arg) => arg !== "--json"),
        process.env,
        root,
      ),
      rest.includes("--json"),
    ),
  );
} else serve();

/** Serves until the client closes stdin; what then still runs as a job goes on by itself. */
function serve(): void {
  const config = configuration();
  const log = createLog(config.log_level);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const parts = createParts(config, log);
  const text = instructions(domains);
  serveStdio(() => createServer(parts, prompts, text, String(version)), {
    onerror: (error) => log.warn("protocol", { error: error.message }),
  });
  const leave = () => {
    parts.close();
    process.exit(0);
  };
  process.stdin.once("end", leave).once("close", leave);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, leave);
  log.debug("serving", { workspace: config.workspace, tools: parts.tools.length });
}

function configuration() {
  try {
    return readConfig(process.argv.slice(2), process.env, root);
  } catch (error) {
    process.stderr.write(
      `ml-engine: ${error instanceof ToolError ? `${error.message}\n${error.hint ?? ""}` : String(error)}\n`,
    );
    process.exit(2);
  }
}
