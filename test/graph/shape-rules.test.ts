// What ops refuse: the error names the layer and both shapes.
import { describe, expect, it } from 'vitest';
import { createGraph } from '#src/graph/graph.js';
import { ModelError } from '#src/graph/model-error.js';
import { add } from '#src/graph/ops/add.js';
import { broadcastTo } from '#src/graph/ops/broadcast-to.js';
import { constant } from '#src/graph/ops/constant.js';
import { dense } from '#src/graph/ops/dense.js';
import { input } from '#src/graph/ops/input.js';
import { matmul } from '#src/graph/ops/matmul.js';
import { meanSquaredError } from '#src/graph/ops/mean-squared-error.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { relu } from '#src/graph/ops/relu.js';
import { reshape } from '#src/graph/ops/reshape.js';
import { softmaxCrossEntropy } from '#src/graph/ops/softmax-cross-entropy.js';
import { sum } from '#src/graph/ops/sum.js';
import { target } from '#src/graph/ops/target.js';

const graph = createGraph();
const array = (...shape: number[]) =>
  graph.apply(parameter, [], { name: 'p', shape, initializer: { kind: 'constant', value: 0 } }, 'l');
const batch = (...shape: number[]) => graph.apply(input, [], { shape }, 'input');
const labels = graph.apply(target, [], { shape: [], element: 'i32' }, 'target');
const values = graph.apply(target, [], { shape: [3], element: 'f32' }, 'target');

const REFUSED: [string, () => unknown, string][] = [
  [
    'a matmul of depths that differ',
    () => graph.apply(matmul, [array(3, 5), array(4, 2)], { transposed: false }, 'l'),
    'l: expected factors of shapes (…,k) and (k,n), got (3,5) and (4,2); reshape one of them',
  ],
  [
    'a matmul by a batch',
    () => graph.apply(matmul, [array(3, 5), batch(5, 2)], { transposed: false }, 'l'),
    'l: expected factors of shapes (…,k) and (k,n), got (3,5) and (-1,5,2); reshape one of them',
  ],
  [
    'a dense op on too few features',
    () => graph.apply(dense, [batch(4), array(8, 5)], { activation: 'none' }, 'l'),
    'l: expected inputs of shape (…,5) for weights (8,5), got (-1,4); change the layer before it',
  ],
  [
    'an addition of shapes that do not broadcast',
    () => graph.apply(add, [batch(4), array(5)], {}, 'l'),
    'l: expected shapes that broadcast, got (-1,4) and (5); aligned at the right, axes must be equal or 1',
  ],
  [
    'a stretch to a smaller shape',
    () => graph.apply(broadcastTo, [array(4)], { shape: [1], isBatched: false }, 'l'),
    'l: expected a shape that broadcasts to (1), got (4); its axes must be equal or 1',
  ],
  [
    'a reshape to another number of elements',
    () => graph.apply(reshape, [batch(28, 28)], { shape: [10, 10] }, 'l'),
    'l: expected a shape of 784 elements, as (-1,28,28) has, got (-1,10,10) with 100; change one of the two',
  ],
  [
    'a sum over an axis that is not there',
    () => graph.apply(sum, [array(2, 3)], { axes: [2], keepDims: false }, 'l'),
    'l: expected different axes from -2 to 1 of shape (2,3), got (2); name each axis once',
  ],
  [
    'a sum over one axis twice',
    () => graph.apply(sum, [array(2, 3)], { axes: [1, -1], keepDims: false }, 'l'),
    'l: expected different axes from -2 to 1 of shape (2,3), got (1,-1); name each axis once',
  ],
  [
    'arithmetic with labels',
    () => graph.apply(relu, [labels], {}, 'l'),
    'l: expected a tensor of f32 numbers, got i32 of shape (-1); tokens go into an embedding first, labels into a loss only',
  ],
  [
    'cross-entropy with values',
    () => graph.apply(softmaxCrossEntropy, [batch(3), values], {}, 'loss'),
    'loss: expected outputs of shape (-1,classes) and labels of shape (-1), got (-1,3) and f32 (-1,3); end the model with a dense layer of as many units as there are classes',
  ],
  [
    'a squared error of shapes that differ',
    () => graph.apply(meanSquaredError, [batch(4), values], {}, 'loss'),
    "loss: expected outputs of the targets' shape (-1,3), got (-1,4); end the model with a layer of that shape",
  ],
  [
    'a constant with too few values',
    () => graph.apply(constant, [], { shape: [2, 2], values: [1] }, 'l'),
    'l: expected 4 values for a constant of shape (2,2), got 1; give as many as the shape has',
  ],
  [
    'a parameter that kernels cannot count',
    () => array(65_536, 65_536),
    'l: expected at most 2147483647 elements in p, got (65536,65536) with 4294967296; use a smaller layer',
  ],
];

describe('a shape rule', () => {
  it.each(REFUSED)('refuses %s', (_title, apply, message) => {
    expect(apply).toThrow(new ModelError(message));
  });

  it('throws what makes the command exit with 2', () => {
    expect(new ModelError('x')).toMatchObject({ name: 'ModelError', exitCode: 2 });
  });
});
