import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ToolError } from "../../src/kernel/errors.ts";
import { AllowedPaths } from "../../src/policy/paths.ts";
import { scratch } from "../support/server.ts";

const { folder, remove } = scratch();
const allowed = join(folder, "allowed");
const sibling = join(folder, "allowed-not");
mkdirSync(join(allowed, "inner"), { recursive: true });
mkdirSync(sibling);
writeFileSync(join(allowed, "a.csv"), "x\n1\n");
writeFileSync(join(allowed, "inner", "b.csv"), "x\n1\n");
writeFileSync(join(sibling, "secret.csv"), "x\n1\n");
symlinkSync(join(sibling, "secret.csv"), join(allowed, "file-link.csv"));
symlinkSync(sibling, join(allowed, "folder-link"));
symlinkSync(join(folder, "nowhere"), join(allowed, "dangling"));
symlinkSync(join(allowed, "a.csv"), join(allowed, "inner-link.csv"));
const paths = new AllowedPaths([allowed]);

afterAll(remove);

const kind = (act: () => unknown) => {
  try {
    act();
    return "allowed";
  } catch (error) {
    return error instanceof ToolError ? error.kind : error;
  }
};

describe("a path", () => {
  test("inside is answered as its real path, absolute or relative", () => {
    expect(paths.file("source", "a.csv")).toBe(join(allowed, "a.csv"));
    expect(paths.file("source", join(allowed, "inner/../a.csv"))).toBe(join(allowed, "a.csv"));
    expect(paths.file("source", "inner-link.csv")).toBe(join(allowed, "a.csv"));
  });

  test.each([
    ["the sibling whose name begins alike", join(sibling, "secret.csv"), "refused"],
    ["dots that lead out", "../allowed-not/secret.csv", "refused"],
    ["absolute dots that lead out", join(allowed, "inner/../../allowed-not/secret.csv"), "refused"],
    ["a link to a file outside", "file-link.csv", "refused"],
    ["a file through a link to a folder outside", "folder-link/secret.csv", "refused"],
    ["a dangling link", "dangling", "not_found"],
    ["a file that is not there", "nothing.csv", "not_found"],
    ["a NUL byte", "a.csv\0.txt", "invalid_input"],
    ["a file: URL", `file://${join(allowed, "a.csv")}`, "invalid_input"],
    ["percent-encoding, which is a name like any other", "%2e%2e/allowed-not/secret.csv", "not_found"],
    ["a folder where a file is wanted", "inner", "invalid_input"],
    ["a device", "/dev/zero", "refused"],
    ["the system's own", "/etc/passwd", "refused"],
  ])("%s is not read", (_, value, expected) => {
    expect(kind(() => paths.file("source", value))).toBe(expected);
  });

  test("that is refused is answered with the allowed folders and the way to add one", () => {
    expect(() => paths.file("source", "/etc/passwd")).toThrow(
      "source: `/etc/passwd` lies outside the allowed folders.",
    );
  });
});

describe("a source", () => {
  test("may be a folder or a glob of what is inside", () => {
    expect(paths.source("source", "inner")).toBe(join(allowed, "inner"));
    expect(paths.source("source", "inner/*.csv")).toBe(join(allowed, "inner/*.csv"));
  });

  test("whose folder or glob reaches a link that leads out is refused", () => {
    expect(kind(() => paths.source("source", "."))).not.toBe("allowed");
    expect(kind(() => paths.source("source", "*.csv"))).toBe("refused");
    expect(kind(() => paths.source("source", "../*/secret.csv"))).toBe("refused");
    expect(kind(() => paths.source("source", "/etc/*"))).toBe("refused");
    expect(kind(() => paths.source("source", "inner/*.json"))).toBe("not_found");
  });
});

test("no path, however made, is answered with one outside", () => {
  const part = fc.constantFrom(
    "..",
    ".",
    "inner",
    "folder-link",
    "allowed",
    "allowed-not",
    "secret.csv",
    "a.csv",
    "file-link.csv",
    "*",
    "",
    "~",
    "%2e%2e",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), fc.boolean(), (parts, absolute) => {
      const value = (absolute ? `${allowed}/` : "") + parts.join("/");
      for (const ask of [() => paths.file("source", value), () => paths.source("source", value)]) {
        try {
          expect(`${ask()}/`.startsWith(`${allowed}/`)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ToolError);
        }
      }
    }),
    { numRuns: 500 },
  );
});
