// Batched products: graphs for the op table, the float64 rule, and PyTorch's case.
import type { GraphNode, Op } from '#src/graph/op.js';
import { batchedMatmul } from '#src/graph/ops/batched-matmul.js';
import { reshape } from '#src/graph/ops/reshape.js';
import { tanh } from '#src/graph/ops/tanh.js';
import type { OpCase, Sketch } from '../op-cases.ts';

const FORMS = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));
const PLAIN = FORMS[0];
const swapped = (shape: number[], isSwapped: boolean): number[] =>
  isSwapped ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;

const ofParameters = (a: number[], b: number[]): OpCase => ({
  op: 'batchedMatmul',
  title: `of (${a}) and (${b})`,
  build: (s) => s.apply(batchedMatmul, [s.parameter(...a), s.parameter(...b)], PLAIN),
});
const ofBatch = (title: string, build: (s: Sketch) => [GraphNode, GraphNode]): OpCase => ({
  op: 'batchedMatmul',
  title,
  build: (s) => s.apply(batchedMatmul, build(s), PLAIN),
});

/** All four forms of parameters and of a batch; axes that are shared by one factor or the other. */
export const BATCHED_MATMUL_CASES: OpCase[] = [
  ...FORMS.flatMap((form): OpCase[] => [
    {
      op: 'batchedMatmul',
      title: `of matrices, transposed ${form.transposeA} ${form.transposeB}`,
      build: (s) => {
        const [a, b] = [swapped([2, 3, 5], form.transposeA), swapped([2, 5, 4], form.transposeB)];
        return s.apply(batchedMatmul, [s.parameter(...a), s.parameter(...b)], form);
      },
    },
    {
      op: 'batchedMatmul',
      title: `of a batch and another, transposed ${form.transposeA} ${form.transposeB}`,
      build: (s) => {
        const x = s.batch(2, 1, 2);
        const y = s.apply(tanh, [s.batch(2, 2, 1)], {});
        const [a, b] = [form.transposeA ? s.apply(reshape, [x], { shape: [2, 2, 1] }) : x, y];
        return s.apply(batchedMatmul, [a, form.transposeB ? s.apply(reshape, [b], { shape: [2, 1, 2] }) : b], form);
      },
    },
  ]),
  ofParameters([3, 5], [5, 2]),
  ofParameters([2, 1, 3, 4], [5, 4, 2]),
  ofParameters([3, 4], [2, 2, 4, 1]),
  ofParameters([1, 3, 4], [6, 4, 3]),
  ofBatch('of a batch and a matrix', (s) => [s.batch(2, 2), s.parameter(2, 3)]),
  ofBatch('of a matrix and a batch', (s) => [s.parameter(3, 2), s.batch(2, 2)]),
  ofBatch('of a batch and a (3,2,2)', (s) => [s.batch(1, 2, 2), s.parameter(3, 2, 2)]),
  ofBatch('of a batch and a (1,1,2,2) over the batch axis', (s) => [s.batch(1, 2, 2), s.parameter(1, 1, 2, 2)]),
  ofBatch('of a batch and itself', (s) => {
    const x = s.batch(2, 2);
    return [x, x];
  }),
];

type Values = ArrayLike<number>;
type Rule = (node: GraphNode, inputs: readonly Values[], types: readonly GraphNode[], rows: number) => number[];

/** Every element by its own sum; the position in a factor by numpy's rule. */
const batched: Rule = (node, [a, b], [typeA, typeB], rows) => {
  const { transposeA, transposeB } = node.attrs;
  const shapeOf = ({ shape, isBatched }: GraphNode): number[] => (isBatched ? [rows, ...shape] : [...shape]);
  const [to, fromA, fromB] = [shapeOf(node), shapeOf(typeA), shapeOf(typeB)];
  const k = fromA.at(transposeA ? -2 : -1)!;
  const at = (lead: number[], row: number, column: number, shape: number[]): number => {
    const own = shape.slice(0, -2);
    const matrix = own.reduce((index, length, axis) => {
      const position = lead[axis - own.length + lead.length];
      return index * length + (length === 1 ? 0 : position);
    }, 0);
    return (matrix * shape.at(-2)! + row) * shape.at(-1)! + column;
  };
  return Array.from({ length: to.reduce((product, length) => product * length, 1) }, (_, index) => {
    const position: number[] = [];
    to.reduceRight((rest, length) => {
      position.unshift(rest % length);
      return Math.floor(rest / length);
    }, index);
    const [i, j] = position.slice(-2);
    let sum = 0;
    for (let p = 0; p < k; p++) {
      const left = a[transposeA ? at(position.slice(0, -2), p, i, fromA) : at(position.slice(0, -2), i, p, fromA)];
      sum += left * b[transposeB ? at(position.slice(0, -2), j, p, fromB) : at(position.slice(0, -2), p, j, fromB)];
    }
    return sum;
  });
};

export const BATCHED_MATMUL_RULES: Record<string, Rule> = { batchedMatmul: batched };

type Apply = (op: Op<never>, inputs: GraphNode[], attrs: object) => GraphNode;

/** PyTorch's case. */
export const BATCHED_MATMUL_FIXTURES = {
  batched_matmul: {
    inputs: ['a', 'b'],
    build: (nodes: GraphNode[], apply: Apply) => apply(batchedMatmul as never, nodes, PLAIN),
  },
};
