import { describe, expect, it } from 'vitest';
import { buildModel, type SampleSpec } from '#src/nn/build-model.js';
import { layersSchema } from '#src/nn/layers.schema.js';
import { compilePlan } from '#src/plan/compile.js';

const SPEC = {
  name: 'values',
  samples: 8,
  input: { shape: [6], storage: 'f32' as const, divisor: 1 },
  target: { kind: 'values' as const, storage: 'f32' as const, shape: [2] },
};

const build = (layers: unknown[], spec: SampleSpec = SPEC) => buildModel(layersSchema.parse(layers), 'mse', spec);
const compile = (layers: unknown[]) =>
  compilePlan(build(layers), { numerics: 'portable', microBatch: 'auto', largestShardRows: 4, dataset: SPEC });
const namesOf = (layers: unknown[]) => compile(layers).parameters.map(({ name }) => name);

describe('layers inside layers', () => {
  it('are named by their path, and counted on their own level', () => {
    const names = namesOf([
      { dense: 6 },
      { residual: [{ dense: 6 }, { sequential: [{ dense: 6, bias: false }], name: 'inner' }] },
      { residual: [{ dense: 4, bias: false }], shortcut: [{ dense: 4, bias: false }], name: 'narrow' },
      {
        repeat: 2,
        layers: [
          { dense: 4, bias: false },
          { dense: 4, bias: false },
        ],
      },
      { dense: 2, bias: false },
    ]);
    expect(names).toEqual([
      'dense1.weight',
      'dense1.bias',
      'residual1.dense1.weight',
      'residual1.dense1.bias',
      'residual1.inner.dense1.weight',
      'narrow.dense1.weight',
      'narrow.shortcut.dense1.weight',
      'repeat1.1.dense1.weight',
      'repeat1.1.dense2.weight',
      'repeat1.2.dense1.weight',
      'repeat1.2.dense2.weight',
      'dense2.weight',
    ]);
  });

  it('are rows of the model table, whose parameters sum to those of the plan', () => {
    const layers = [{ residual: [{ dense: 6 }, { activation: 'relu' }] }, { repeat: 2, layers: [{ dense: 2 }] }];
    const { layers: rows, parameters } = compile(layers);
    expect(rows).toEqual([
      { name: 'residual1.dense1', kind: 'dense', outputShape: [6], parameters: 42 },
      { name: 'residual1.relu1', kind: 'relu', outputShape: [6], parameters: 0 },
      { name: 'residual1', kind: 'residual', outputShape: [6], parameters: 0 },
      { name: 'repeat1.1.dense1', kind: 'dense', outputShape: [2], parameters: 14 },
      { name: 'repeat1.2.dense1', kind: 'dense', outputShape: [2], parameters: 6 },
    ]);
    expect(rows.reduce((sum, row) => sum + row.parameters, 0)).toBe(
      parameters.reduce((sum, { elements }) => sum + elements, 0),
    );
  });

  it.each<[string, unknown[], string]>([
    [
      'a residual whose layers give another shape',
      [{ residual: [{ dense: 5 }] }, { dense: 2 }],
      'residual1: expected layers that give the shape of what is added to them, (-1,6), got (-1,5); add a shortcut with layers that give it too',
    ],
    [
      'a shortcut of another shape',
      [{ residual: [{ dense: 5 }], shortcut: [{ dense: 4 }] }, { dense: 2 }],
      'residual1: expected layers that give the shape of what is added to them, (-1,4), got (-1,5); change one of the two',
    ],
    [
      'a fault in an inner layer, by its path',
      [{ sequential: [{ residual: [{ reshape: [5] }] }] }],
      'sequential1.residual1.reshape1: expected a shape of 6 elements, as (-1,6) has, got (-1,5) with 5; change one of the two',
    ],
    [
      'an inner name that is taken',
      [
        { dense: 2 },
        {
          residual: [
            { dense: 2, name: 'a' },
            { dense: 2, name: 'a' },
          ],
        },
      ],
      'model[1].residual[1]: expected a layer name of its own, got a, the name of model[1].residual[0] too; set another name',
    ],
    [
      "a name that is the shortcut's",
      [{ residual: [{ dense: 6, name: 'shortcut' }] }, { dense: 2 }],
      'model[0].residual[0]: expected a layer name of its own, got shortcut, a reserved name; set another name',
    ],
    [
      'no parameters anywhere',
      [{ residual: [{ activation: 'relu' }] }],
      'model: expected at least one layer with parameters, got relu, residual; add a dense layer',
    ],
  ])('refuses %s', (_title, layers, message) => {
    expect(() => build(layers)).toThrow(message);
  });
});

describe('init', () => {
  it('reaches the plan, and changes nothing where it says nothing', () => {
    const init = { weight: { name: 'normal', std: 0.02 }, bias: 'zeros' };
    const [weight, bias] = compile([{ dense: 2, init }]).parameters;
    expect(weight.initializer).toEqual({ kind: 'normal', mean: 0, std: 0.02 });
    expect(bias.initializer).toEqual({ kind: 'constant', value: 0 });
    const [plain] = compile([{ dense: 2, init: {} }]).parameters;
    expect(plain.initializer).toEqual({ kind: 'uniform', low: -1 / Math.sqrt(6), high: 1 / Math.sqrt(6) });
  });
});
