// Bundles src/main.ts into dist/ml-engine.mjs. Native packages stay outside; dynamic imports stay lazy inside the one file.
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

/** zod carries its messages in 60 languages, a sixth of the bundle; the server speaks one. @type {import("esbuild").Plugin} */
const englishOnly = {
  name: "english-only",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[/\\\\]zod[/\\\\]v4[/\\\\]locales[/\\\\]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    })),
};

mkdirSync(dist, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outfile: "dist/ml-engine.part.mjs",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  // Native packages, and those that are loaded only when they are needed.
  external: [
    "better-sqlite3",
    "@lancedb/lancedb",
    "apache-arrow",
    "onnxruntime-node",
    "@huggingface/tokenizers",
    "execa",
    "ollama",
  ],
  legalComments: "none",
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [englishOnly],
  logLevel: "warning",
  // CommonJS packages inside the bundle call `require` for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
});
// Making JSON Schema of every definition takes as long as all the rest of starting, and its answer never changes.
const { tools } = await import("../src/domains/all.ts");
const { describeTool } = await import("../src/mcp/describe-tool.ts");
writeFileSync(
  join(dist, "listing.json"),
  JSON.stringify(Object.fromEntries(tools.map((tool) => [tool.name, describeTool(tool)]))),
);
rmSync(join(dist, "migrations"), { recursive: true, force: true });
cpSync(join(root, "src/store/migrations"), join(dist, "migrations"), { recursive: true });
renameSync(join(dist, "ml-engine.part.mjs"), join(dist, "ml-engine.mjs"));
