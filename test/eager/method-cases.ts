// The table of methods: for each the calls that its numbers are checked on, and the same in float64 by plain loops.
import type { Tensor } from '#src/index.js';

/** One line of the table. */
export interface MethodCase {
  method: string;
  title: string;
  /** The inputs' shapes; their numbers lie in `range`, [-2, 2) unless said. */
  shapes: number[][];
  range?: [number, number];
  apply(...inputs: Tensor[]): Tensor;
  /** The result's numbers, row-major. */
  exact(...inputs: number[][]): number[];
}

const unaryCase = (
  method:
    | 'neg'
    | 'abs'
    | 'square'
    | 'sqrt'
    | 'exp'
    | 'log'
    | 'relu'
    | 'tanh'
    | 'sigmoid'
    | 'gelu'
    | 'silu'
    | 'softplus',
  f: (x: number) => number,
  range?: [number, number],
): MethodCase[] =>
  [[], [1], [3, 5], [2, 1, 3]].map((shape) => ({
    method,
    title: `of shape (${shape})`,
    shapes: [shape],
    range,
    apply: (x) => x[method](),
    exact: (x) => x.map(f),
  }));

const binaryCase = (
  method: 'add' | 'sub' | 'mul' | 'div',
  f: (a: number, b: number) => number,
  range?: [number, number],
): MethodCase[] => [
  {
    method,
    title: 'of equal shapes',
    shapes: [[7], [7]],
    range,
    apply: (a, b) => a[method](b),
    exact: (a, b) => a.map((x, i) => f(x, b[i])),
  },
  {
    method,
    title: 'of a column and a row',
    shapes: [[3, 1], [4]],
    range,
    apply: (a, b) => a[method](b),
    exact: (a, b) => a.flatMap((x) => b.map((y) => f(x, y))),
  },
  {
    method,
    title: 'of a scalar and a matrix',
    shapes: [[], [2, 3]],
    range,
    apply: (a, b) => a[method](b),
    exact: ([x], b) => b.map((y) => f(x, y)),
  },
  {
    method,
    title: 'of a tensor and itself',
    shapes: [[5]],
    range,
    apply: (a) => a[method](a),
    exact: (a) => a.map((x) => f(x, x)),
  },
  {
    method,
    title: 'of a tensor and a number',
    shapes: [[2, 3]],
    range,
    apply: (a) => a[method](0.75),
    exact: (a) => a.map((x) => f(x, 0.75)),
  },
];

const powCase = (exponent: number, range?: [number, number]): MethodCase => ({
  method: 'pow',
  title: `to the power ${exponent}`,
  shapes: [[4]],
  range,
  apply: (x) => x.pow(exponent),
  exact: (x) => x.map((value) => value ** exponent),
});

const total = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
const reductions = (method: 'sum' | 'mean', f: (numbers: number[]) => number): MethodCase[] => [
  { method, title: 'of all', shapes: [[2, 3]], apply: (x) => x[method](), exact: (x) => [f(x)] },
  { method, title: 'of a scalar', shapes: [[]], apply: (x) => x[method](), exact: (x) => x },
  {
    method,
    title: 'over the first axis',
    shapes: [[2, 3]],
    apply: (x) => x[method](0),
    exact: (x) => [0, 1, 2].map((j) => f([x[j], x[3 + j]])),
  },
  {
    method,
    title: 'over the last axis, kept',
    shapes: [[2, 3]],
    // Times the tensor: only (2,1) broadcasts as it should.
    apply: (x) => x[method](-1, { keepDims: true }).mul(x),
    exact: (x) => x.map((value, i) => value * f(i < 3 ? x.slice(0, 3) : x.slice(3))),
  },
  {
    method,
    title: 'over two axes',
    shapes: [[2, 3, 2]],
    apply: (x) => x[method]([0, 2]),
    exact: (x) => [0, 1, 2].map((j) => f([x[2 * j], x[2 * j + 1], x[6 + 2 * j], x[7 + 2 * j]])),
  },
];

const product = (a: number[], b: number[], k: number, n: number): number[] =>
  Array.from({ length: (a.length / k) * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    return total(Array.from({ length: k }, (_, i) => a[row * k + i] * b[i * n + column]));
  });
const transposed = (a: number[], columns: number): number[] =>
  a.map((_, at) => a[(at % (a.length / columns)) * columns + Math.floor(at / (a.length / columns))]);

/** Abramowitz and Stegun 1964, "Handbook of Mathematical Functions", 7.1.5: its series. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function shares(x: number[]): number[] {
  const powers = x.map(Math.exp);
  return powers.map((power) => power / total(powers));
}

export const METHOD_CASES: MethodCase[] = [
  ...binaryCase('add', (a, b) => a + b),
  ...binaryCase('sub', (a, b) => a - b),
  ...binaryCase('mul', (a, b) => a * b),
  ...binaryCase('div', (a, b) => a / b, [0.5, 2]),
  ...[0, 1, 2, 3, 7].map((exponent) => powCase(exponent, [-1.3, 1.3])),
  ...[-1, -3, 0.5, 1.7].map((exponent) => powCase(exponent, [0.7, 1.5])),
  ...unaryCase('neg', (x) => -x),
  ...unaryCase('abs', Math.abs, [0.1, 2]),
  ...unaryCase('abs', Math.abs, [-2, -0.1]),
  ...unaryCase('square', (x) => x * x),
  ...unaryCase('sqrt', Math.sqrt, [0.3, 2]),
  ...unaryCase('exp', Math.exp),
  ...unaryCase('log', Math.log, [0.3, 2]),
  // Away from its kink, on both sides of it.
  ...unaryCase('relu', (x) => Math.max(x, 0), [0.1, 2]),
  ...unaryCase('relu', (x) => Math.max(x, 0), [-2, -0.1]),
  ...unaryCase('tanh', Math.tanh),
  ...unaryCase('sigmoid', (x) => 1 / (1 + Math.exp(-x))),
  ...unaryCase('gelu', (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  {
    method: 'gelu',
    title: 'by tanh',
    shapes: [[5]],
    apply: (x) => x.gelu({ approximate: 'tanh' }),
    exact: (x) => x.map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))),
  },
  ...unaryCase('silu', (x) => x / (1 + Math.exp(-x))),
  ...unaryCase('softplus', (x) => Math.log1p(Math.exp(x))),
  {
    method: 'softmax',
    title: 'of the last axis',
    shapes: [[2, 3]],
    apply: (x) => x.softmax(),
    exact: (x) => [...shares(x.slice(0, 3)), ...shares(x.slice(3))],
  },
  {
    method: 'logSoftmax',
    title: 'of the first axis',
    shapes: [[2, 3]],
    apply: (x) => x.logSoftmax(0),
    exact: (x) => x.map((_, i) => Math.log(shares([x[i % 3], x[3 + (i % 3)]])[Math.floor(i / 3)])),
  },
  {
    method: 'transpose',
    title: 'of the last two axes',
    shapes: [[2, 2, 3]],
    apply: (x) => x.transpose(),
    exact: (x) => [...transposed(x.slice(0, 6), 3), ...transposed(x.slice(6), 3)],
  },
  {
    method: 'transpose',
    title: 'of named axes',
    shapes: [[1, 2, 3]],
    apply: (x) => x.transpose([2, 0, 1]),
    exact: (x) => transposed(x, 3),
  },
  {
    method: 'transpose',
    title: 'of a vector',
    shapes: [[3]],
    apply: (x) => x.transpose(),
    exact: (x) => x,
  },
  {
    method: 'slice',
    title: 'from a position on',
    shapes: [[2, 3]],
    apply: (x) => x.slice(-1, 1),
    exact: (x) => [x[1], x[2], x[4], x[5]],
  },
  {
    method: 'slice',
    title: 'between two',
    shapes: [[4, 2]],
    apply: (x) => x.slice(0, -3, 3),
    exact: (x) => x.slice(2, 6),
  },
  {
    method: 'concat',
    title: 'of two along the last axis',
    shapes: [
      [2, 1],
      [2, 2],
    ],
    apply: (a, b) => a.concat([b]),
    exact: (a, b) => [a[0], b[0], b[1], a[1], b[2], b[3]],
  },
  {
    method: 'concat',
    title: 'of one and itself along the first axis',
    shapes: [[1, 2]],
    apply: (a) => a.concat([a], 0),
    exact: (a) => [...a, ...a],
  },
  {
    method: 'matmul',
    title: 'of matrices',
    shapes: [
      [3, 5],
      [5, 2],
    ],
    apply: (a, b) => a.matmul(b),
    exact: (a, b) => product(a, b, 5, 2),
  },
  {
    method: 'matmul',
    title: 'of a matrix and a vector',
    shapes: [[3, 5], [5]],
    apply: (a, b) => a.matmul(b),
    exact: (a, b) => product(a, b, 5, 1),
  },
  {
    method: 'matmul',
    title: 'of a vector and a matrix',
    shapes: [[5], [5, 2]],
    apply: (a, b) => a.matmul(b),
    exact: (a, b) => product(a, b, 5, 2),
  },
  {
    method: 'matmul',
    title: 'of two vectors',
    shapes: [[5], [5]],
    apply: (a, b) => a.matmul(b),
    exact: (a, b) => product(a, b, 5, 1),
  },
  {
    method: 'dense',
    title: 'with bias',
    shapes: [[4, 3], [2, 3], [2]],
    apply: (x, weight, bias) => x.dense(weight, bias),
    exact: (x, weight, bias) => product(x, transposed(weight, 3), 3, 2).map((value, i) => value + bias[i % 2]),
  },
  {
    method: 'dense',
    title: 'without bias',
    shapes: [
      [4, 3],
      [2, 3],
    ],
    apply: (x, weight) => x.dense(weight),
    exact: (x, weight) => product(x, transposed(weight, 3), 3, 2),
  },
  ...reductions('sum', total),
  ...reductions('mean', (numbers) => total(numbers) / numbers.length),
  {
    method: 'reshape',
    title: 'of (2,3) to (3,2), times a row',
    shapes: [[2, 3], [2]],
    apply: (x, row) => x.reshape([-1, 2]).mul(row),
    exact: (x, row) => x.map((value, i) => value * row[i % 2]),
  },
  {
    method: 'broadcastTo',
    title: 'of (2,1) to (3,2,2)',
    shapes: [[2, 1]],
    apply: (x) => x.broadcastTo([3, 2, 2]),
    exact: (x) => Array.from({ length: 12 }, (_, i) => x[Math.floor(i / 2) % 2]),
  },
];
