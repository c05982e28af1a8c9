// python/uv.lock is committed without the addresses it was resolved from, so that every machine uses its own index. `strip` takes them out,
// `bind` puts this machine's in. Hashes stay, so what is installed is the same whichever index serves it.

const INDEX = "index";
const FILES = "files";

/** The lock without a host. @param {string} lock */
export function strip(lock) {
  return lock
    .replace(/registry = "[^"]*"/g, `registry = "${INDEX}"`)
    .replace(/url = "[a-z]+:\/\/[^"]*?(\/packages\/[^"]*)"/g, `url = "${FILES}$1"`);
}

/** The stripped lock with `index` as registry and `files` before each file's path. @param {string} lock @param {{ index: string, files: string }} addresses */
export function bind(lock, { index, files }) {
  return lock
    .replaceAll(`registry = "${INDEX}"`, `registry = "${index}"`)
    .replaceAll(`url = "${FILES}/`, `url = "${files}/`);
}

/**
 * The addresses that another lock was resolved from; `files` is undefined where that index lays its files out in a way of its own.
 * @param {string} lock
 */
export function addressesIn(lock) {
  const index = /registry = "([^"]*)"/.exec(lock)?.[1];
  const files = /url = "([^"]*?)\/packages\/[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{60}\/[^"/]*"/.exec(lock)?.[1];
  return { index, files };
}

/** Every hash that a lock allows. @param {string} lock */
export function hashesIn(lock) {
  return new Set([...lock.matchAll(/hash = "([^"]*)"/g)].map((found) => found[1]));
}
