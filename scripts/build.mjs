// Bundles src/main.ts into dist/ml-engine.mjs. Native packages stay outside; dynamic imports stay lazy inside the one file.
import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

mkdirSync(dist, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outfile: "dist/ml-engine.part.mjs",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  external: ["better-sqlite3", "@lancedb/lancedb", "apache-arrow"],
  legalComments: "none",
  minifySyntax: true,
  logLevel: "warning",
  // CommonJS packages inside the bundle call `require` for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
});
rmSync(join(dist, "migrations"), { recursive: true, force: true });
cpSync(join(root, "src/store/migrations"), join(dist, "migrations"), { recursive: true });
renameSync(join(dist, "ml-engine.part.mjs"), join(dist, "ml-engine.mjs"));
