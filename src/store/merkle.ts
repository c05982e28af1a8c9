import { createHash } from "node:crypto";

// The Merkle tree of RFC 6962, section 2.1: leaves are hashed with a zero byte before them, nodes with a one byte.
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

export const leafHash = (data: Buffer): Buffer => createHash("sha256").update(LEAF).update(data).digest();
export const nodeHash = (left: Buffer, right: Buffer): Buffer =>
  createHash("sha256").update(NODE).update(left).update(right).digest();

/** The roots of the perfect subtrees that make up a tree, largest first: all that is needed to append. */
export type Frontier = readonly Buffer[];

/** The frontier after one more leaf, `size` being the number of leaves before it. */
export function append(frontier: Frontier, size: number, leaf: Buffer): Buffer[] {
  const grown = [...frontier];
  let node = leaf;
  for (let left = size; left % 2 === 1; left = (left - 1) / 2) node = nodeHash(grown.pop() ?? node, node);
  return [...grown, node];
}

/** The tree's root; of no leaves, the hash of nothing. */
export function rootOf(frontier: Frontier): Buffer {
  const last = frontier.at(-1);
  if (last === undefined) return createHash("sha256").digest();
  return frontier.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

/** The audit path of leaf `index` (RFC 6962, 2.1.1), from its sibling upwards. */
export function auditPath(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length <= 1) return [];
  const split = largestPowerBelow(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...auditPath(left, index), treeHash(right)]
    : [...auditPath(right, index - split), treeHash(left)];
}

/** Whether a path leads from a leaf to a root (RFC 9162, 2.1.3.2). */
export function pathLeads(leaf: Buffer, index: number, size: number, path: readonly Buffer[], root: Buffer): boolean {
  if (index < 0 || index >= size) return false;
  let [at, last, node] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      node = nodeHash(sibling, node);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else node = nodeHash(node, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && node.equals(root);
}

function treeHash(leaves: readonly Buffer[]): Buffer {
  let frontier: Buffer[] = [];
  leaves.forEach((leaf, size) => {
    frontier = append(frontier, size, leaf);
  });
  return rootOf(frontier);
}

const largestPowerBelow = (count: number) => 2 ** Math.ceil(Math.log2(count) - 1);
