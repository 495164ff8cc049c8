// A parameter: an array that training changes. Coordinator only.
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatShape } from '../tensor-type.ts';

/** How a parameter's first values are made. `orthogonal` takes the array as a matrix of shape[0] rows. */
export type Initializer =
  | { kind: 'uniform'; low: number; high: number }
  | { kind: 'constant'; value: number }
  | { kind: 'normal'; mean: number; std: number }
  | { kind: 'truncatedNormal'; mean: number; std: number; low: number; high: number }
  | { kind: 'orthogonal'; gain: number };

/** `name` is the name within the layer: `weight` of layer `dense1` is `dense1.weight` to everybody else. */
export type ParameterAttrs = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
};

// Kernels count in 32 bits.
const MOST_ELEMENTS = 2 ** 31 - 1;

/** A source without inputs; its tensor lies in the weights of the generation that a step reads. */
export const parameter: Op<ParameterAttrs> = {
  name: 'parameter',
  source: 'parameter',
  infer(_inputs, { name, shape }, where) {
    const elements = elementCount(shape);
    if (elements > MOST_ELEMENTS) {
      throw new ModelError(
        `${where}: expected at most ${MOST_ELEMENTS} elements in ${name}, got ${formatShape(shape)} with ${elements}; use a smaller layer`,
      );
    }
    return { shape, isBatched: false, element: 'f32' };
  },
};
