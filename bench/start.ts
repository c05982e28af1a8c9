// Cold start: from spawn to the answer of tools/list, ours against @modelcontextprotocol/server-everything, in turn in
// one run. Prints medians and the ratio. `npm run bench -- start`
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./statistics.ts";

const PEER = "@modelcontextprotocol/server-everything@2026.8.31";
const RUNS = 15;
const root = join(import.meta.dirname, "..");
const peerFolder = join(root, ".cache/bench/everything");
const peerMain = join(peerFolder, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
if (!existsSync(peerMain))
  execFileSync("npm", ["install", "--prefix", peerFolder, "--no-audit", "--no-fund", "--ignore-scripts", PEER], {
    stdio: "inherit",
  });

const workspace = mkdtempSync(join(tmpdir(), "bench-start-"));
const servers = {
  "ml-engine": [join(root, "bin/ml-engine.mjs"), "--workspace", workspace],
  "server-everything": [peerMain, "stdio"],
};
const times: Record<keyof typeof servers, number[]> = { "ml-engine": [], "server-everything": [] };
const tools: Record<string, number> = {};
for (let run = -1; run < RUNS; run += 1) {
  for (const name of ["ml-engine", "server-everything"] as const) {
    const { ms, count } = await listTools(servers[name]);
    tools[name] = count;
    if (run >= 0) times[name].push(ms);
  }
}
rmSync(workspace, { recursive: true, force: true });
const [ours, theirs] = [median(times["ml-engine"]), median(times["server-everything"])];
process.stdout.write(
  `${JSON.stringify({ bench: "start", runs: RUNS, tools, median_ms: { "ml-engine": ours, "server-everything": theirs }, ratio: ours / theirs }, null, 2)}\n`,
);

/** Spawns a server, shakes hands, asks for the tools, and ends it. */
function listTools(args: readonly string[]): Promise<{ ms: number; count: number }> {
  return new Promise((resolve, reject) => {
    const at = performance.now();
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] });
    const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    let buffer = "";
    child.on("error", reject);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      buffer += chunk;
      for (let end = buffer.indexOf("\n"); end >= 0; end = buffer.indexOf("\n")) {
        const message: { id?: number; result?: { tools?: unknown[] } } = JSON.parse(buffer.slice(0, end));
        buffer = buffer.slice(end + 1);
        if (message.id === 1) {
          send({ method: "notifications/initialized" });
          send({ id: 2, method: "tools/list" });
        }
        if (message.id === 2) {
          const ms = performance.now() - at;
          child.once("exit", () => resolve({ ms, count: message.result?.tools?.length ?? 0 }));
          child.kill();
        }
      }
    });
    send({
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
    });
  });
}
