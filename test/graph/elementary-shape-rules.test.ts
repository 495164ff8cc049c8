// What the elementary ops refuse: the error names the layer, what was expected and what was given.
import { describe, expect, it } from 'vitest';
import { createGraph } from '#src/graph/graph.js';
import { ModelError } from '#src/graph/model-error.js';
import type { Attrs, GraphNode, Op } from '#src/graph/op.js';
import { batchedMatmul } from '#src/graph/ops/batched-matmul.js';
import { clamp } from '#src/graph/ops/clamp.js';
import { concat } from '#src/graph/ops/concat.js';
import { constant } from '#src/graph/ops/constant.js';
import { embedding } from '#src/graph/ops/embedding.js';
import { gather } from '#src/graph/ops/gather.js';
import { gelu } from '#src/graph/ops/gelu.js';
import { input } from '#src/graph/ops/input.js';
import { max } from '#src/graph/ops/max.js';
import { pad } from '#src/graph/ops/pad.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { pow } from '#src/graph/ops/pow.js';
import { slice } from '#src/graph/ops/slice.js';
import { softmax } from '#src/graph/ops/softmax.js';
import { target } from '#src/graph/ops/target.js';
import { transpose } from '#src/graph/ops/transpose.js';

const graph = createGraph();
const array = (...shape: number[]) =>
  graph.apply(parameter, [], { name: 'p', shape, initializer: { kind: 'constant', value: 0 } }, 'l');
const batch = (...shape: number[]) => graph.apply(input, [], { shape }, 'input');
const labels = graph.apply(target, [], { shape: [], element: 'i32' }, 'target');
const PLAIN = { transposeA: false, transposeB: false };

const REFUSED: [string, Op<never>, GraphNode[], object, string][] = [
  [
    'GELU of another kind',
    gelu,
    [array(2)],
    { approximate: 'erf' },
    "l: expected approximate 'none' or 'tanh', got 'erf'; choose one",
  ],
  ['a clamp without bounds', clamp, [array(2)], {}, 'l: expected min, max or both for clamp, got neither; give one'],
  [
    'an infinite power',
    pow,
    [array(2)],
    { exponent: Infinity },
    'l: expected a finite exponent, got Infinity; give a number',
  ],
  [
    'an axis that is not there',
    softmax,
    [batch(3)],
    { axis: 1 },
    'l: expected an axis from -1 to 0 of shape (3), got 1; name an axis it has',
  ],
  [
    'labels in a softmax',
    softmax,
    [graph.apply(target, [], { shape: [2], element: 'i32' }, 'target')],
    { axis: 0 },
    'l: expected a tensor of f32 numbers, got i32 of shape (-1,2); tokens go into an embedding first, labels into a loss only',
  ],
  [
    'a transpose that leaves an axis out',
    transpose,
    [array(2, 3)],
    { axes: [0, 0] },
    'l: expected every axis of shape (2,3) once, got (0,0); name each of them',
  ],
  [
    'a slice of too few axes',
    slice,
    [array(2, 3)],
    { starts: [0], ends: [1] },
    'l: expected a start, an end and a step other than 0 for each axis of shape (2,3), got (0) to (1) to (); give one for every axis',
  ],
  [
    'a slice in steps of 0',
    slice,
    [array(3)],
    { starts: [0], ends: [1], steps: [0] },
    'l: expected a start, an end and a step other than 0 for each axis of shape (3), got (0) to (1) to (0); give one for every axis',
  ],
  [
    'negative padding',
    pad,
    [array(3)],
    { pads: [[-1, 0]] },
    'l: expected a pair of whole numbers from 0 for each axis of shape (3) and a finite value, got [[-1,0]] and 0; give a pair for every axis',
  ],
  [
    'a concatenation of shapes that do not fit',
    concat,
    [array(2, 3), array(3, 3)],
    { axis: 1 },
    'l: expected shapes that differ in axis 1 only, got (2,3) and (3,3); reshape or broadcast one of them',
  ],
  [
    'a concatenation of a batch and a parameter',
    concat,
    [batch(2), array(2)],
    { axis: 0 },
    'l: expected shapes that differ in axis 0 only, got (-1,2) and (2); reshape or broadcast one of them',
  ],
  [
    'a concatenation of nothing',
    concat,
    [],
    { axis: 0 },
    'l: expected a tensor to concatenate, got none; give one or more',
  ],
  [
    'an index beyond the first axis',
    gather,
    [array(3, 2)],
    { indices: [0, 3] },
    'l: expected indices into the first axis of (3,2), got 3; use indices from -3 to 2',
  ],
  [
    'an embedding of numbers',
    embedding,
    [batch(2), array(5, 2)],
    {},
    'l: expected i32 ids and a table of shape (V,D), got f32 (-1,2) and (5,2); use labels or tokens as ids',
  ],
  [
    'an embedding table of three axes',
    embedding,
    [labels, array(5, 2, 2)],
    {},
    'l: expected i32 ids and a table of shape (V,D), got i32 (-1) and (5,2,2); use labels or tokens as ids',
  ],
  [
    'a product of depths that differ',
    batchedMatmul,
    [batch(2, 3), array(4, 2)],
    PLAIN,
    'l: expected factors of shapes (…,m,k) and (…,k,n), got (-1,2,3) and (4,2); reshape one of them',
  ],
  [
    'a product by a vector',
    batchedMatmul,
    [batch(2, 3), batch(3)],
    { transposeA: false, transposeB: true },
    'l: expected factors of shapes (…,m,k) and (…,n,k), got (-1,2,3) and (-1,3); reshape one of them',
  ],
  [
    'products of shapes that do not broadcast',
    batchedMatmul,
    [array(2, 3, 4), array(3, 4, 5)],
    PLAIN,
    'l: expected shapes that broadcast, got (2) and (3); aligned at the right, axes must be equal or 1',
  ],
  [
    'a maximum over one axis twice',
    max,
    [array(2, 3)],
    { axes: [1, -1], keepDims: false },
    'l: expected different axes from -2 to 1 of shape (2,3), got (1,-1); name each axis once',
  ],
  [
    'half an id',
    constant,
    [],
    { shape: [2], values: [1, 0.5], element: 'i32' },
    'l: expected whole numbers of 32 bits in an i32 constant, got 0.5; use f32',
  ],
];

describe('an elementary shape rule', () => {
  it.each(REFUSED)('refuses %s', (_title, op, inputs, attrs, message) => {
    expect(() => graph.apply(op as unknown as Op, inputs, attrs as Attrs, 'l')).toThrow(new ModelError(message));
  });
});
