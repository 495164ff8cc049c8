// Values of some f64 cells → assigned, or added to what is there; and the order of a softmax's sum; any thread.

const fround = Math.fround;

/** Assigns the cells from byte `cells` on, or adds to them. */
export function addTo(f64: Float64Array, cells: number, accumulate: number, values: readonly number[]): void {
  for (const [i, value] of values.entries()) f64[cells / 8 + i] = value + (accumulate ? f64[cells / 8 + i] : 0);
}

/** Element i goes to lane i mod 4; then (0 + 2) + (1 + 3). All in f32. */
export function sumFourLanes(x: Float32Array): number {
  const lanes = [0, 0, 0, 0];
  x.forEach((value, i) => {
    lanes[i % 4] = fround(lanes[i % 4] + value);
  });
  return fround(fround(lanes[0] + lanes[2]) + fround(lanes[1] + lanes[3]));
}

/** Where the largest number comes first; -1 where one is NaN. */
export function firstOfLargest(x: Float32Array): number {
  return x.some(Number.isNaN) ? -1 : x.indexOf(x.reduce((most, value) => (value > most ? value : most)));
}
