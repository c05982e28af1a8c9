import { globSync, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { ToolError } from "../kernel/errors.ts";

const MAX_FILES = 10_000;
const EXPORTS = "exports";
const GLOB = /[*?[{]/;

/**
 * Which files a call may read: those whose real path lies in one of the allowed folders' real paths. Links are followed
 * before the question is asked, so no link leads out.
 */
export class AllowedPaths {
  readonly #roots: readonly string[];

  constructor(folders: readonly string[]) {
    this.#roots = folders.flatMap((folder) => real(folder) ?? []);
  }

  get roots(): readonly string[] {
    return this.#roots;
  }

  /** The real path of an existing regular file named by `value`; relative names are looked for in each folder in turn. */
  file(field: string, value: string): string {
    const path = this.#existing(field, value);
    if (statSync(path).isDirectory())
      throw new ToolError(
        "invalid_input",
        `${field}: \`${shown(value)}\` is a folder, not a file.`,
        "Name a file in it.",
      );
    return path;
  }

  /** As `file`, but folders and globs are welcome where everything they reach is allowed too. */
  source(field: string, value: string): string {
    if (GLOB.test(value) && !this.#find(value)) return this.#glob(field, value);
    const path = this.#existing(field, value);
    if (statSync(path).isDirectory()) {
      const reached = readdirSync(path, { recursive: true, encoding: "utf8" });
      if (reached.length > MAX_FILES)
        throw new ToolError(
          "invalid_input",
          `${field}: \`${shown(value)}\` holds more than ${MAX_FILES} files.`,
          "Name a smaller folder or a glob.",
        );
      for (const name of reached) this.#contained(field, value, join(path, name));
    }
    return path;
  }

  /**
   * Where a file or folder may be written: inside an allowed folder, links followed. In the workspace that is its
   * `exports` folder, which relative names are taken from, and nowhere among what the server keeps there.
   */
  target(field: string, value: string): string {
    if (value.includes("\0")) throw new ToolError("invalid_input", `${field}: a path has no NUL byte.`);
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
      throw new ToolError("invalid_input", `${field}: \`${shown(value)}\` is a URL, not a path.`, "Give a plain path.");
    const [workspace = sep] = this.#roots;
    const exports = join(workspace, EXPORTS);
    const wanted = isAbsolute(value) ? resolve(value) : resolve(exports, value.replace(/^exports[/\\]/, ""));
    const path = landing(wanted);
    if (path === undefined)
      throw new ToolError("refused", `${field}: \`${shown(value)}\` leads through a link to nowhere.`);
    this.#inside(field, value, path);
    if (this.#roots.includes(path) || path === exports)
      throw new ToolError(
        "refused",
        `${field}: \`${shown(value)}\` is an allowed folder itself.`,
        "Name a file in it.",
      );
    const nearestRoot = this.#roots
      .filter((root) => path.startsWith(root + sep))
      .sort((a, b) => b.length - a.length)[0];
    if (nearestRoot === workspace && !path.startsWith(exports + sep))
      throw new ToolError(
        "refused",
        `${field}: \`${shown(value)}\` lies among what the server keeps in its workspace.`,
        `Files go into ${exports}, or into a folder allowed with --allow-dir.`,
      );
    return path;
  }

  #glob(field: string, value: string): string {
    for (const root of isAbsolute(value) ? [""] : this.#roots) {
      const pattern = root === "" ? resolve(value) : resolve(root, value);
      const fixed = pattern.slice(0, pattern.search(GLOB));
      this.#inside(field, value, real(fixed.slice(0, fixed.lastIndexOf(sep)) || sep) ?? sep);
      const found = globSync(pattern);
      if (found.length > MAX_FILES)
        throw new ToolError("invalid_input", `${field}: \`${shown(value)}\` matches more than ${MAX_FILES} files.`);
      for (const path of found) this.#contained(field, value, path);
      if (found.length > 0) return pattern;
    }
    throw this.#absent(field, value);
  }

  #existing(field: string, value: string): string {
    if (value.includes("\0")) throw new ToolError("invalid_input", `${field}: a path has no NUL byte.`);
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
      throw new ToolError("invalid_input", `${field}: \`${shown(value)}\` is a URL, not a path.`, "Give a plain path.");
    const path = this.#find(value);
    if (path === undefined) {
      if (outside(value, this.#roots)) throw this.#refused(field, value);
      throw this.#absent(field, value);
    }
    return this.#contained(field, value, path);
  }

  #find(value: string): string | undefined {
    const candidates = isAbsolute(value) ? [resolve(value)] : this.#roots.map((root) => resolve(root, value));
    return candidates.find(exists);
  }

  #contained(field: string, value: string, path: string): string {
    const target = real(path);
    if (target === undefined)
      throw new ToolError("not_found", `${field}: \`${shown(value)}\` is a link that leads nowhere.`);
    this.#inside(field, value, target);
    const stats = statSync(target);
    if (!stats.isFile() && !stats.isDirectory())
      throw new ToolError("invalid_input", `${field}: \`${shown(value)}\` is neither a file nor a folder.`);
    return target;
  }

  #inside(field: string, value: string, target: string): void {
    if (!this.#roots.some((root) => target === root || target.startsWith(root.endsWith(sep) ? root : root + sep)))
      throw this.#refused(field, value);
  }

  #refused(field: string, value: string): ToolError {
    return new ToolError(
      "refused",
      `${field}: \`${shown(value)}\` lies outside the allowed folders.`,
      `Allowed: ${this.#roots.join(", ")}. The person who runs the server can add one with --allow-dir or ML_ENGINE_ALLOW_DIRS.`,
    );
  }

  #absent(field: string, value: string): ToolError {
    return new ToolError(
      "not_found",
      `${field}: there is no file \`${shown(value)}\`.`,
      `Paths are absolute, or relative to ${this.#roots.join(" or ")}.`,
    );
  }
}

function outside(value: string, roots: readonly string[]): boolean {
  const paths = isAbsolute(value) ? [resolve(value)] : roots.map((root) => resolve(root, value));
  return paths.every((path) => !roots.some((root) => path === root || path.startsWith(root + sep)));
}

/** Where writing to `path` would end up, though it or its folders are not there yet; undefined behind a dangling link. */
function landing(path: string): string | undefined {
  if (exists(path)) return real(path);
  const parent = dirname(path);
  if (parent === path) return path;
  const folder = landing(parent);
  return folder === undefined ? undefined : join(folder, basename(path));
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

const shown = (value: string) => (value.length > 200 ? `${value.slice(0, 200)}…` : value).replace(/\p{C}/gu, "�");
