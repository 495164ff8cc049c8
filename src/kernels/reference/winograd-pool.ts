// Four positions of a 3 x 3 convolution by Winograd's F(2 x 2, 3 x 3), one window at a time, in the order of assembly/winograd-pool.ts; any thread.
const fround = Math.fround;

type Four = readonly [number, number, number, number];

const add = (a: number, b: number): number => fround(a + b);
const sub = (a: number, b: number): number => fround(a - b);

/** A column of Bᵀ d. */
const transformPixels = ([a, b, c, d]: Four): Four => [sub(a, c), add(b, c), sub(c, b), sub(b, d)];
/** A column of G g. */
const transformWeights = ([a, b, c]: readonly number[]): Four => {
  const ends = add(a, c);
  return [a, fround(0.5 * add(ends, b)), fround(0.5 * sub(ends, b)), c];
};
/** A column of Aᵀ m. */
const transformSums = ([a, b, c, d]: Four): [number, number] => [add(add(a, b), c), sub(sub(b, c), d)];

/** `transform` of the columns of a matrix by rows, then of the rows of what comes out: numbers row by row. */
function transformBoth(rows: readonly (readonly number[])[], transform: (column: Four) => readonly number[]): number[] {
  const columns = rows[0].map((_, j) => transform(rows.map((row) => row[j]) as unknown as Four));
  const turned = columns[0].map((_, i) => columns.map((column) => column[i]));
  return turned.flatMap((row) => [...transform(row as unknown as Four)]);
}

const rowsOf = (values: readonly number[], length: number): number[][] =>
  Array.from({ length: values.length / length }, (_, i) => values.slice(i * length, (i + 1) * length));

/** The 16 numbers of 16 pixels that a window sees of a channel. */
export const winogradPixels = (seen: readonly number[]): number[] => transformBoth(rowsOf(seen, 4), transformPixels);

/** The 16 numbers of a channel's 9 weights. */
export const winogradWeights = (weights: readonly number[]): number[] =>
  transformBoth(rowsOf(weights, 3), transformWeights);

/** The four sums of a window, row by row, from every channel's 16 numbers of pixels and of weights. */
export function winogradWindow(pixels: readonly number[][], weights: readonly number[][], bias: number): number[] {
  const sums = new Array<number>(16).fill(0);
  pixels.forEach((numbers, c) => {
    for (let i = 0; i < 16; i++) sums[i] = fround(sums[i] + fround(numbers[i] * weights[c][i]));
  });
  return transformBoth(rowsOf(sums, 4), transformSums).map((sum) => add(sum, bias));
}
