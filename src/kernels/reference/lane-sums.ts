// Terms by index → their f32 sums in the order of the vector kernels; any thread.

const fround = Math.fround;

/** Term i is added to lane i mod 8; then lane k + lane (k + 4); then (0 + 2) + (1 + 3). All in f32. */
export function sumEightLanes(n: number, term: (i: number) => number): number {
  const lanes = new Float32Array(8);
  for (let i = 0; i < n; i++) lanes[i % 8] += term(i);
  const [a, b, c, d] = Array.from({ length: 4 }, (_, k) => fround(lanes[k] + lanes[k + 4]));
  return fround(fround(a + c) + fround(b + d));
}

/** Term i is added to lane i mod 4; then (0 + 2) + (1 + 3). All in f32. */
export function sumFourLanes(n: number, term: (i: number) => number): number {
  const lanes = new Float32Array(4);
  for (let i = 0; i < n; i++) lanes[i % 4] += term(i);
  const [a, b, c, d] = lanes;
  return fround(fround(a + c) + fround(b + d));
}

/** Mean and biased variance of x[from], x[from + 1], … (n), in two passes. */
export function momentsOf(
  x: Float32Array,
  from: number,
  n: number,
  isCentred = true,
): [mean: number, variance: number] {
  const mean = isCentred ? fround(sumEightLanes(n, (i) => x[from + i]) / n) : 0;
  const squares = sumEightLanes(n, (i) => {
    const distance = fround(x[from + i] - mean);
    return fround(distance * distance);
  });
  return [mean, fround(squares / n)];
}

/** 1 / sqrt(variance + eps) in f32. */
export function inverseDeviation(variance: number, eps: number): number {
  return fround(1 / fround(Math.sqrt(fround(variance + fround(eps)))));
}
