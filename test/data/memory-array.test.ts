import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { openDataset } from '#src/data/dataset.js';
import { readSamples } from '#src/data/inspect.js';
import type { TrainArrays } from '#src/data/memory-array.js';

const open = (arrays: TrainArrays | undefined, options: object = {}) =>
  openDataset(dataSchema.parse({ source: 'arrays', ...options }), 1, '/', arrays);
const inputs = { values: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };
const targets = { values: Uint8Array.of(0, 1, 1) };

describe('source: arrays', () => {
  it('trains on what it is given, test samples behind the others', () => {
    const test = {
      testInputs: { values: Float64Array.of(7, 8.5), shape: [1, 2] },
      testTargets: { values: Int32Array.of(2) },
    };
    const dataset = open({ inputs, targets, ...test }, { validation: 0.34 });
    expect(dataset.spec).toEqual({
      name: 'arrays',
      samples: 4,
      input: { shape: [2], storage: 'f32', divisor: 1 },
      target: { kind: 'class', storage: 'u8', classes: 3 },
    });
    expect([...dataset.parts.test]).toEqual([3]);
    expect(dataset.parts.validation).toHaveLength(1);
    const samples = readSamples(dataset);
    expect([...samples.inputs]).toEqual([1, 2, 3, 4, 5, 6, 7, 8.5]);
    expect([...samples.targets]).toEqual([0, 1, 1, 2]);
  });

  it('gives back any numbers of any type, as float32 rounds them', () => {
    const arrays = fc.oneof(
      fc.float64Array({ minLength: 1, maxLength: 40, min: -1e30, max: 1e30, noNaN: true }),
      fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, noDefaultInfinity: true }),
      fc.int16Array({ minLength: 1, maxLength: 40 }),
      fc.int8Array({ minLength: 1, maxLength: 40 }),
      fc.uint32Array({ minLength: 1, maxLength: 40 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
    );
    fc.assert(
      fc.property(arrays, (values) => {
        const dataset = open(
          { inputs: { values }, targets: { values: Float32Array.from(values) } },
          { task: 'regression' },
        );
        const samples = readSamples(dataset);
        expect([...samples.inputs]).toEqual(Array.from(values, Math.fround));
        expect([...samples.targets]).toEqual(Array.from(values, Math.fround));
      }),
    );
  });

  it.each<[string, unknown, object, string]>([
    [
      'nothing',
      undefined,
      {},
      'data.source arrays: expected arrays from the program that trains, got none; call train(',
    ],
    [
      'a list',
      { inputs: { values: [1, 2, 3] }, targets },
      {},
      'arrays.inputs: expected { values, shape } with a typed array of numbers as values, got Array; make one, such as',
    ],
    [
      'no values',
      { inputs: {}, targets },
      {},
      'arrays.inputs: expected { values, shape } with a typed array of numbers as values, got Undefined',
    ],
    ['64-bit integers', { inputs: { values: BigInt64Array.of(1n) }, targets }, {}, 'got BigInt64Array'],
    [
      'a shape of other size',
      { inputs: { ...inputs, shape: [3, 3] }, targets },
      {},
      'arrays.inputs: expected 9 values for shape (3, 3), got 6; correct',
    ],
    [
      'a shape that is none',
      { inputs: { ...inputs, shape: [3, -2] }, targets },
      {},
      'arrays.inputs: expected a shape of whole numbers, such as [60000, 784], got 3,-2',
    ],
    [
      'other samples',
      { inputs, targets: { values: Uint8Array.of(0, 1) } },
      {},
      'arrays.targets: expected 3 targets, one for each sample of arrays.inputs, got 2',
    ],
    [
      'half a test part',
      { inputs, targets, testInputs: inputs },
      {},
      'arrays.testTargets: expected { values, shape } with',
    ],
    [
      'two test parts',
      { inputs, targets, testInputs: inputs, testTargets: targets },
      { test: 0.4 },
      'data.test: expected 0, as arrays.testInputs is the test part, got 0.4',
    ],
    [
      'a number that is none',
      { inputs: { values: Float32Array.of(1, 2, 3, 4, Number.NaN, 6), shape: [3, 2] }, targets },
      {},
      'arrays.inputs[2, 0]: expected a finite number that float32 can hold, got NaN',
    ],
  ])('refuses %s', (_, arrays, options, message) => {
    expect(() => readSamples(open(arrays as TrainArrays, options))).toThrow(message);
  });
});
