// A loss for tests alone, as an op may be defined anywhere: sum(x · g) with a given g, so that g is the gradient of x.
import { elementsOf, tensor } from '#src/graph/kernel-call.js';
import type { Op } from '#src/graph/op.js';

/** Inputs x and g of one type → g. It writes no sums. */
export const weightedSum: Op<Readonly<Record<string, never>>> = {
  name: 'weightedSum',
  infer: ([x]) => ({ shape: x.shape, isBatched: x.isBatched, element: 'f32' }),
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ node, inputs: [x, g], out }) {
    if (out === 0) return [];
    // The first call reads x, which so lives until here and can be looked at after forward.
    return [
      { kernel: 'copy', args: [out, tensor(x), elementsOf(node)], detail: 'look at x' },
      { kernel: 'copy', args: [out, tensor(g), elementsOf(node)], detail: 'take g' },
    ];
  },
};
