// Oracle: hand-worked values of torch.nn.init's formulas.
import { describe, expect, it } from 'vitest';
import { fansOf, resolveInitializer } from '#src/nn/initializers.js';
import { type InitializerConfig, matrixInitSchema } from '#src/nn/initializers.schema.js';

const resolve = (init: unknown, shape: number[]) =>
  resolveInitializer(matrixInitSchema.parse(init) as InitializerConfig, shape, 'dense1');

describe('resolveInitializer', () => {
  it('counts inputs and outputs as PyTorch does', () => {
    expect(fansOf([30, 7])).toEqual({ in: 7, out: 30 });
    expect(fansOf([8, 3, 5, 5])).toEqual({ in: 75, out: 200 });
  });

  it.each<[unknown, number[], object]>([
    // gain √(2/(1+0)) = √2; bound √2 √3 / √6 = 1.
    ['kaimingUniform', [4, 6], { kind: 'uniform', low: -1, high: 1 }],
    // a = √5: gain √(2/6), bound 1/√fanIn.
    [{ name: 'kaimingUniform', a: Math.sqrt(5) }, [4, 16], { kind: 'uniform', low: -0.25, high: 0.25 }],
    [{ name: 'kaimingNormal', nonlinearity: 'relu' }, [4, 8], { kind: 'normal', mean: 0, std: 0.5 }],
    [{ name: 'kaimingNormal', nonlinearity: 'relu', mode: 'fanOut' }, [2, 8], { kind: 'normal', mean: 0, std: 1 }],
    [{ name: 'kaimingNormal', nonlinearity: 'tanh' }, [4, 25], { kind: 'normal', mean: 0, std: 1 / 3 }],
    [{ name: 'kaimingNormal', nonlinearity: 'selu' }, [4, 9], { kind: 'normal', mean: 0, std: 0.25 }],
    [
      { name: 'kaimingNormal', nonlinearity: 'linear' },
      [4, 2, 3, 3],
      { kind: 'normal', mean: 0, std: 1 / Math.sqrt(18) },
    ],
    // √(6 / (2 + 4)) = 1.
    ['xavierUniform', [4, 2], { kind: 'uniform', low: -1, high: 1 }],
    [{ name: 'xavierNormal', gain: 3 }, [12, 6], { kind: 'normal', mean: 0, std: 1 }],
    ['normal', [4], { kind: 'normal', mean: 0, std: 1 }],
    ['uniform', [4], { kind: 'uniform', low: 0, high: 1 }],
    ['truncNormal', [4], { kind: 'truncatedNormal', mean: 0, std: 1, low: -2, high: 2 }],
    ['orthogonal', [4, 4], { kind: 'orthogonal', gain: 1 }],
    ['zeros', [4], { kind: 'constant', value: 0 }],
    ['ones', [4], { kind: 'constant', value: 1 }],
    [{ name: 'constant', value: 0.5 }, [4], { kind: 'constant', value: 0.5 }],
  ])('%j of shape %j', (init, shape, expected) => {
    const { kind, ...numbers } = resolve(init, shape) as unknown as { kind: string } & Record<string, number>;
    const { kind: expectedKind, ...expectedNumbers } = expected as unknown as { kind: string } & Record<string, number>;
    expect(kind).toBe(expectedKind);
    expect(Object.keys(numbers)).toEqual(Object.keys(expectedNumbers));
    for (const [key, value] of Object.entries(expectedNumbers)) expect(numbers[key], key).toBeCloseTo(value, 14);
  });

  it('refuses a vector where only a matrix has inputs and outputs', () => {
    expect(() => resolve('xavierNormal', [4])).toThrow(
      'dense1: expected an array of two axes or more for xavierNormal, got (4); use normal, uniform, zeros, ones or constant',
    );
  });
});
