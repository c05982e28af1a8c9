// Two set-ups at once (a client that probes with a second process, a terminal beside a host) take turns.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 250;

/**
 * Waits for the lock file and answers what gives it up. A lock whose process is gone counts for nothing.
 * @param {string} path @param {(owner: number) => void} onWait
 */
export async function exclusive(path, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  let told = false;
  try {
    while (!taken(mine, path)) {
      const owner = ownerOf(path);
      if (owner !== undefined && !isRunning(owner)) discard(path, owner);
      else {
        if (owner !== undefined && !told) onWait(owner);
        told = true;
        await sleep(POLL_MS);
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (ownerOf(path) === process.pid) rmSync(path, { force: true });
  };
}

/** Linking is the one step that both writes the owner and fails where there is one. @param {string} mine @param {string} path */
function taken(mine, path) {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Moves a dead process's lock away; one that another process took meanwhile is put back. @param {string} path @param {number} dead */
function discard(path, dead) {
  const aside = `${path}.dead-${process.pid}`;
  try {
    renameSync(path, aside);
    if (ownerOf(aside) !== dead) linkSync(aside, path);
  } catch {
    // Another process was quicker; the next round sees what it left.
  }
  rmSync(aside, { force: true });
}

/** @param {string} path */
function ownerOf(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
