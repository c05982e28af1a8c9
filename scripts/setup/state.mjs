// What set-up did last: the programs it found, the choices it was given, and a fingerprint of each step's inputs.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * @typedef {{ path: string, version: string }} Program
 * @typedef {{ node?: Program, uv?: Program, python?: Program, dev: boolean, data: boolean, extras: string[], offered: string[], stamps: Record<string, string> }} State
 */

/** An unreadable file is no state: everything is looked at again. @param {string} path @returns {State} */
export function readState(path) {
  const none = { dev: false, data: false, extras: [], offered: [], stamps: {} };
  try {
    return { ...none, ...JSON.parse(readFileSync(path, "utf8")) };
  } catch {
    return none;
  }
}

/** Written aside and renamed, so that a kill leaves the old or the new one. @param {string} path @param {State} state */
export function writeState(path, state) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.part`, path);
}

/** One hash over plain values. @param {readonly unknown[]} values */
export function fingerprint(...values) {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 32);
}

/** One hash over files and folders, by relative path and content. @param {string} root @param {readonly string[]} paths */
export function contentOf(root, paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap((each) => filesUnder(join(root, each))).sort()) {
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}

/** @param {string} path @returns {string[]} */
function filesUnder(path) {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? filesUnder(join(path, entry.name)) : [join(path, entry.name)],
    );
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return [path];
    return [];
  }
}

/** @param {string} path */
export function sha256(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
