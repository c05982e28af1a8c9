import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { append, auditPath, type Frontier, leafHash, pathLeads, rootOf } from "../../src/store/merkle.ts";

// The leaves and tree heads of the reference tests of RFC 6962 (google/certificate-transparency, merkletree).
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const HEADS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const hashed = (count: number) => Array.from({ length: count }, (_, at) => leafHash(Buffer.from(`event ${at}`)));

function rootOver(leaves: readonly Buffer[]): Buffer {
  const grown = leaves.reduce<Frontier>((frontier, leaf, size) => append(frontier, size, leaf), []);
  return rootOf(grown);
}

describe("the tree of RFC 6962", () => {
  test("has the reference's heads at every size", () => {
    const leaves = LEAVES.map((hex) => leafHash(Buffer.from(hex, "hex")));
    expect(HEADS.map((_, size) => rootOver(leaves.slice(0, size)).toString("hex"))).toEqual(HEADS);
  });

  test("has the reference's audit paths", () => {
    // Path of leaf 6 (index 5) of 8, and of leaf 3 (index 2) of 3, from the same tests.
    const leaves = LEAVES.map((hex) => leafHash(Buffer.from(hex, "hex")));
    expect(auditPath(leaves, 5).map((node) => node.toString("hex"))).toEqual([
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    expect(auditPath(leaves.slice(0, 3), 2).map((node) => node.toString("hex"))).toEqual([HEADS[2]]);
  });

  test("gives each leaf of each size to 33 a path that leads to the root", () => {
    for (let size = 1; size <= 33; size += 1) {
      const leaves = hashed(size);
      const root = rootOver(leaves);
      leaves.forEach((leaf, at) => void expect(pathLeads(leaf, at, size, auditPath(leaves, at), root)).toBe(true));
    }
  });

  test("takes no wrong path", () => {
    const place = fc.integer({ min: 2, max: 33 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        at: fc.nat(size - 1),
        other: fc.nat(size - 1),
        bit: fc.nat(255),
        hop: fc.nat(),
      }),
    );
    fc.assert(
      fc.property(place, ({ size, at, other, bit, hop }) => {
        const leaves = hashed(size);
        const root = rootOver(leaves);
        const path = auditPath(leaves, at);
        const leaf = leaves[at] ?? root;
        const broken = path.map((node, step) => (step === hop % path.length ? flipped(node, bit) : node));
        expect(pathLeads(leaf, at, size, broken, root)).toBe(false);
        expect(pathLeads(flipped(leaf, bit), at, size, path, root)).toBe(false);
        expect(pathLeads(leaf, at, size, path, flipped(root, bit))).toBe(false);
        expect(pathLeads(leaf, at, size, path.slice(1), root)).toBe(false);
        expect(pathLeads(leaf, at, size, path.slice(0, -1), root)).toBe(false);
        expect(pathLeads(leaf, at, size, [...path, root], root)).toBe(false);
        expect(pathLeads(leaf, other, size, path, root)).toBe(other === at);
        expect(pathLeads(leaf, size, size, path, root)).toBe(false);
        expect(pathLeads(leaf, at - size, size, path, root)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

function flipped(node: Buffer, bit: number): Buffer {
  const copy = Buffer.from(node);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
