/** Adds `weight` times a vector to a sum. */
export function addUp(sum: Float32Array | undefined, vector: ArrayLike<number>, weight = 1): void {
  if (sum) for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] ?? 0) + weight * (vector[at] ?? 0);
}

/** The vector of length one that shows the same way. */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}
