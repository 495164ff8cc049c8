// Softmax and its logarithm: graphs for the op table, float64 rules, and PyTorch's cases.
import type { GraphNode, Op } from '#src/graph/op.js';
import { logSoftmax } from '#src/graph/ops/log-softmax.js';
import { softmax } from '#src/graph/ops/softmax.js';
import type { OpCase } from '../op-cases.ts';

/** Along every axis of (3, 5, 2), of lengths that leave lanes over, and of a batch. */
export const SOFTMAX_CASES: OpCase[] = [softmax, logSoftmax].flatMap((op) => [
  ...[0, 1, 2, -1, -3].map(
    (axis): OpCase => ({
      op: op.name,
      title: `of a parameter along axis ${axis}`,
      build: (s) => s.apply(op, [s.parameter(3, 5, 2)], { axis }),
    }),
  ),
  ...[1, 4, 7].map(
    (length): OpCase => ({
      op: op.name,
      title: `of rows of ${length}`,
      build: (s) => s.apply(op, [s.parameter(2, length)], { axis: -1 }),
    }),
  ),
  ...[0, -1].map(
    (axis): OpCase => ({
      op: op.name,
      title: `of a batch along axis ${axis}`,
      build: (s) => s.apply(op, [s.batch(2, 2)], { axis }),
    }),
  ),
]);

type Rule = (node: GraphNode, inputs: readonly ArrayLike<number>[]) => number[];
const along =
  (f: (line: number[]) => number[]): Rule =>
  ({ shape, attrs }, [x]) => {
    const axis = ((attrs.axis as number) + shape.length) % shape.length;
    const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
    const length = shape[axis];
    const out = new Array<number>(x.length);
    for (let i = 0; i < x.length; i++) {
      if (Math.floor(i / inner) % length !== 0) continue;
      const line = Array.from({ length }, (_, k) => x[i + k * inner]);
      f(line).forEach((value, k) => {
        out[i + k * inner] = value;
      });
    }
    return out;
  };
const totalOf = (line: number[]): number => line.reduce((sum, value) => sum + Math.exp(value), 0);

/** In float64, without taking the largest off: the values are small. */
export const SOFTMAX_RULES: Record<string, Rule> = {
  softmax: along((line) => line.map((value) => Math.exp(value) / totalOf(line))),
  logSoftmax: along((line) => line.map((value) => value - Math.log(totalOf(line)))),
};

type Apply = (op: Op<never>, inputs: GraphNode[], attrs: object) => GraphNode;
const of = (op: Op<{ readonly axis: number }>) => ({
  inputs: ['x'],
  build: (inputs: GraphNode[], apply: Apply) => apply(op as never, inputs, { axis: -1 }),
});

/** PyTorch's cases of these ops. */
export const SOFTMAX_FIXTURES = { softmax: of(softmax), log_softmax: of(logSoftmax), softmax_large: of(softmax) };
