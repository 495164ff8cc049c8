import { describe, expect, it } from 'vitest';
import { ModelError } from '#src/graph/model-error.js';
import { broadcastTypes, type TensorType } from '#src/graph/tensor-type.js';

const type = (isBatched: boolean, ...shape: number[]): TensorType => ({ shape, isBatched, element: 'f32' });

describe('broadcastTypes', () => {
  // Hand-worked by numpy's rule, the batch axis as an axis of its own in front.
  it.each([
    [type(false, 4, 1, 6), type(false, 5, 6), type(false, 4, 5, 6)],
    [type(false), type(false, 2, 3), type(false, 2, 3)],
    [type(true, 6), type(false, 6), type(true, 6)],
    [type(true, 6), type(false, 1, 6), type(true, 6)],
    [type(false, 5, 6), type(true, 1, 6), type(true, 5, 6)],
    [type(true), type(false), type(true)],
    [type(true, 2, 1), type(true, 1, 3), type(true, 2, 3)],
  ])('stretches %o and %o to %o', (a, b, expected) => {
    expect(broadcastTypes(a, b, 'layer')).toEqual(expected);
    expect(broadcastTypes(b, a, 'layer')).toEqual(expected);
  });

  it.each([
    [type(false, 4), type(false, 5), '(4) and (5)'],
    [type(true, 4), type(false, 2, 4), '(-1,4) and (2,4)'],
    [type(true, 6), type(true, 5, 6), '(-1,6) and (-1,5,6)'],
    [type(true, 6), type(false, 5, 1, 6), '(-1,6) and (5,1,6)'],
    [type(true), type(false, 3), '(-1) and (3)'],
  ])('refuses %o with %o', (a, b, shapes) => {
    expect(() => broadcastTypes(a, b, 'layer7')).toThrow(
      new ModelError(
        `layer7: expected shapes that broadcast, got ${shapes}; aligned at the right, axes must be equal or 1`,
      ),
    );
  });
});
