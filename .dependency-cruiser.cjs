// The import law: each folder is one station of a call's road, and each outside power is held by one folder.

/** Only files matching `from` may import what matches `to`. */
const only = (name, from, to, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: "^src/", pathNot: from },
  to: { path: to },
});
const outside = (packages) => `^(node_modules/)?(${packages})(/|$)`;

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "What depends on itself can be neither read nor tested alone.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "own-files-come-at-once",
      comment:
        "In one bundle a file loaded later has all it imports initialised later too, whoever else needs it before.",
      severity: "error",
      from: {},
      to: { path: "^src/", dynamic: true },
    },
    {
      name: "no-missing",
      comment: "Every import resolves.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-dev-packages",
      comment: "The server runs on its dependencies alone.",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "kernel-imports-zod-only",
      comment: "The kernel says what words mean; it can do nothing.",
      severity: "error",
      from: { path: "^src/kernel/" },
      to: { pathNot: ["^src/kernel/", outside("zod")] },
    },
    {
      name: "domains-import-kernel-and-own-folder",
      comment: "A tool is a definition; whatever it does, it does through ports.",
      severity: "error",
      from: { path: "^src/domains/([^/]+)/" },
      to: { pathNot: ["^src/kernel/", "^src/domains/$1/", outside("zod")] },
    },
    {
      name: "domain-list-imports-domains-only",
      comment: "domains/all.ts lists the domains.",
      severity: "error",
      from: { path: "^src/domains/[^/]+\\.ts$" },
      to: { pathNot: ["^src/kernel/", "^src/domains/", outside("zod")] },
    },
    {
      name: "workflows-import-definitions-only",
      comment: "A workflow names tools; it runs none.",
      severity: "error",
      from: { path: "^src/workflows/" },
      to: { pathNot: ["^src/kernel/", "^src/domains/", "^src/workflows/"] },
    },
    {
      name: "routing-imports-definitions-only",
      comment: "Routing reads the definitions' own words and touches nothing else.",
      severity: "error",
      from: { path: "^src/routing/" },
      to: {
        pathNot: [
          "^src/kernel/",
          "^src/domains/",
          "^src/workflows/",
          "^src/routing/",
          outside("minisearch|stemmer|zod"),
        ],
      },
    },
    only(
      "sdk-in-mcp-only",
      "^src/(mcp/|main\\.ts$)",
      outside("@modelcontextprotocol/[^/]+"),
      "Only the edge speaks the protocol.",
    ),
    only(
      "processes-in-runtime-only",
      "^src/runtime/",
      `${outside("execa")}|^(node:)?child_process$`,
      "Only runtime/ starts processes.",
    ),
    only("sqlite-in-store-only", "^src/store/", outside("better-sqlite3"), "Only store/ opens SQLite."),
    only(
      "lancedb-in-collections-only",
      "^src/collections/",
      outside("@lancedb/lancedb|apache-arrow"),
      "Only collections/ opens LanceDB.",
    ),
    only(
      "models-in-backends-only",
      "^src/backends/",
      outside("ollama|onnxruntime-node|@huggingface/[^/]+"),
      "Only backends/ runs models or talks to their servers.",
    ),
    {
      name: "store-is-handed-out-as-ports",
      comment: "Others know the store by its types; one file opens it and hands it out.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(mcp/create-parts|doctor)\\.ts$|^src/store/" },
      to: { path: "^src/store/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "nobody-imports-main",
      comment: "main.ts is where everything meets.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^src/main\\.ts$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^node:(?!child_process)" },
    tsPreCompilationDeps: "specify",
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".mjs", ".js", ".json"],
    },
    builtInModules: { add: ["node:sqlite"] },
  },
};
