// Packages with native code name one optional sibling a platform. npm leaves those out of package-lock.json that the registry of the moment
// does not have, and then refuses the lock; `complete` writes them in, so that one lock serves every platform.

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

/**
 * @typedef {{ version?: string, os?: string[], cpu?: string[], libc?: string[], optional?: boolean, dev?: boolean, optionalDependencies?: Record<string, string> }} Entry
 * @typedef {{ packages: Record<string, Entry> }} Lock
 */

/** The lock with every sibling in it. @param {Lock} lock @returns {Lock} */
export function complete(lock) {
  const added = Object.values(lock.packages).flatMap(({ dev, optionalDependencies = {} }) =>
    Object.entries(optionalDependencies).flatMap(([name, version]) => {
      const place = `node_modules/${name}`;
      const platform = platformOf(name);
      return lock.packages[place] || !platform
        ? []
        : [/** @type {[string, Entry]} */ ([place, { version, ...platform, ...(dev && { dev }), optional: true }])];
    }),
  );
  const entries = [...Object.entries(lock.packages), ...added].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...lock, packages: Object.fromEntries(entries) };
}

/** What a sibling's name says about where it runs. @param {string} name */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (!os || !cpu) return undefined;
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : words.some((word) => word.startsWith("gnu"))
      ? "glibc"
      : undefined;
  return { cpu: [cpu], ...(libc && { libc: [libc] }), os: [os] };
}
