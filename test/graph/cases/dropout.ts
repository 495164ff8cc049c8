// Graphs on which dropout is checked, and its value in float64 with the mask by Philox.
import { add } from '#src/graph/ops/add.js';
import { dropout } from '#src/graph/ops/dropout.js';
import { elementCount } from '#src/graph/tensor-type.js';
import { philox4x32 } from '#src/kernels/philox.js';
import { PURPOSE } from '#src/kernels/purpose.js';
import type { Rule } from '../float64.ts';
import type { OpCase } from '../op-cases.ts';

export const DROPOUT_CASES: OpCase[] = [
  {
    op: 'dropout',
    title: 'of half a batch, its input read again',
    build(s) {
      const x = s.batch(4);
      return s.apply(add, [s.apply(dropout, [x], { p: 0.5, position: 3 }), x], {});
    },
  },
  { op: 'dropout', title: 'of nothing', build: (s) => s.apply(dropout, [s.batch(2, 2)], { p: 0, position: 0 }) },
];

/** Samples 0, 1, 2, … in step 0 under seed 0, as the cases run. */
export const DROPOUT_RULES: Record<string, Rule> = {
  dropout({ attrs, shape }, [x]) {
    const { p, position } = attrs as { p: number; position: number };
    const words = new Uint32Array(4);
    return Array.from(x, (value, i) => {
      const [sample, element] = [Math.floor(i / elementCount(shape)), i % elementCount(shape)];
      philox4x32(Math.floor(element / 4), 0, sample, PURPOSE.dropout | (position << 8), 0, 0, words);
      return words[element % 4] / 2 ** 32 < p ? 0 : value / (1 - p);
    });
  },
};
