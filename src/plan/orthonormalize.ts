// Linearly independent vectors → orthonormal ones that span the same spaces, in place, in f64. Pure; any thread.

/**
 * Makes `count` vectors of `length` numbers each, one after the other, orthonormal by the modified Gram–Schmidt process, twice: what
 * the first pass leaves by rounding, of the size of the vectors' condition times 2^-53, the second takes away.
 * @see Björck 1967, "Solving linear least squares problems by Gram-Schmidt orthogonalization"; Giraud, Langou, Rozložník 2005,
 *   "The loss of orthogonality in the Gram-Schmidt orthogonalization process"
 */
export function orthonormalize(vectors: Float64Array, count: number, length: number): void {
  gramSchmidt(vectors, count, length);
  gramSchmidt(vectors, count, length);
}

function gramSchmidt(vectors: Float64Array, count: number, length: number): void {
  for (let i = 0; i < count; i++) {
    const at = i * length;
    normalize(vectors, at, length);
    for (let k = i + 1; k < count; k++) {
      const other = k * length;
      let product = 0;
      for (let e = 0; e < length; e++) product += vectors[at + e] * vectors[other + e];
      for (let e = 0; e < length; e++) vectors[other + e] -= product * vectors[at + e];
    }
  }
}

function normalize(vectors: Float64Array, at: number, length: number): void {
  let squares = 0;
  for (let e = 0; e < length; e++) squares += vectors[at + e] * vectors[at + e];
  const norm = Math.sqrt(squares);
  for (let e = 0; e < length; e++) vectors[at + e] /= norm;
}
