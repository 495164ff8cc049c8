// Graphs on which layer norm and RMS norm are checked, and their values in float64.
import { add } from '#src/graph/ops/add.js';
import { layerNorm, rmsNorm } from '#src/graph/ops/layer-norm.js';
import { tanh } from '#src/graph/ops/tanh.js';
import { elementCount } from '#src/graph/tensor-type.js';
import type { Rule } from '../float64.ts';
import type { OpCase } from '../op-cases.ts';

const EPS = 1e-5;

export const LAYER_NORM_CASES: OpCase[] = [
  ...[layerNorm, rmsNorm].flatMap((op): OpCase[] => [
    {
      op: op.name,
      title: 'of a parameter, no weight',
      build: (s) => s.apply(op, [s.parameter(3, 5)], { axes: 1, eps: EPS }),
    },
    {
      op: op.name,
      title: 'of a batch, with weight, its input read again',
      build(s) {
        const x = s.batch(4);
        return s.apply(add, [s.apply(op, [x, s.parameter(4)], { axes: 1, eps: EPS }), x], {});
      },
    },
    {
      op: op.name,
      title: 'over two axes, with weight, a large eps',
      build: (s) => s.apply(op, [s.parameter(3, 2, 7), s.parameter(2, 7)], { axes: 2, eps: 0.5 }),
    },
  ]),
  {
    op: 'layerNorm',
    title: 'of rows in a batch, with weight and bias',
    build: (s) => s.apply(layerNorm, [s.batch(2, 2), s.parameter(2), s.parameter(2)], { axes: 1, eps: 0.1 }),
  },
  {
    op: 'layerNorm',
    title: 'of whole samples of two axes, with weight and bias',
    build: (s) => s.apply(layerNorm, [s.batch(2, 2), s.parameter(2, 2), s.parameter(2, 2)], { axes: 2, eps: EPS }),
  },
  {
    op: 'layerNorm',
    title: 'whose bias is read by another op',
    build(s) {
      const bias = s.apply(tanh, [s.parameter(9)], {});
      return s.apply(layerNorm, [s.parameter(2, 9), s.parameter(9), bias], { axes: 1, eps: EPS });
    },
  },
];

const rowNorm =
  (isCentred: boolean): Rule =>
  ({ attrs }, [x, weight, bias], [type]) => {
    const columns = elementCount(type.shape.slice(-(attrs.axes as number)));
    return Array.from(x, (value, i) => {
      const row = Array.from(x).slice(i - (i % columns), i - (i % columns) + columns);
      const mean = isCentred ? row.reduce((sum, one) => sum + one, 0) / columns : 0;
      const variance = row.reduce((sum, one) => sum + (one - mean) ** 2, 0) / columns;
      const normal = (value - mean) / Math.sqrt(variance + (attrs.eps as number));
      return normal * (weight?.[i % columns] ?? 1) + (bias?.[i % columns] ?? 0);
    });
  };

export const LAYER_NORM_RULES: Record<string, Rule> = { layerNorm: rowNorm(true), rmsNorm: rowNorm(false) };
