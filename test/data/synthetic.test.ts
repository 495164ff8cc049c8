import { describe, expect, it } from 'vitest';
import { openSynthetic } from '#src/data/synthetic.js';

/** What the source writes into memory. */
function made(options: Parameters<typeof openSynthetic>[0], seed: number) {
  const source = openSynthetic(options, seed);
  const elements = source.input.shape.reduce((product, size) => product * size, 1);
  const inputs = new Float32Array(options.samples * elements);
  const targets =
    source.target.kind === 'values'
      ? new Float32Array(options.samples * source.target.shape[0])
      : new Uint8Array(options.samples);
  source.fill(inputs, targets);
  return { source, inputs, targets };
}

const mean = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((sum, x) => sum + x, 0) / numbers.length;

// Golden: from a program of its own in Python, which also gives Philox's published vectors.
describe('openSynthetic', () => {
  it('makes the classes it always made', () => {
    const { inputs, targets, source } = made({ samples: 3, features: 3, classes: 2, noise: 0.1 }, 1);
    expect(source.target).toEqual({ kind: 'class', storage: 'u8', classes: 2 });
    expect([...targets]).toEqual([0, 1, 0]);
    expect([...inputs]).toEqual([
      -0.2938941419124603, 0.8812941312789917, -0.24244698882102966, 0.12048996239900589, 0.16429580748081207,
      -1.0146671533584595, -0.505817711353302, 1.0212039947509766, -0.26509928703308105,
    ]);
  });

  it('makes the regression it always made', () => {
    const { inputs, targets, source } = made({ samples: 2, features: 5, outputs: 2, noise: 0.5 }, 7);
    expect(source.target).toEqual({ kind: 'values', storage: 'f32', shape: [2] });
    expect([...targets]).toEqual([-0.7011421322822571, 0.752761721611023, 0.09817340970039368, -0.41018542647361755]);
    expect([...inputs]).toEqual([
      0.7396215200424194, 0.47369566559791565, 0.5112468004226685, 0.45814964175224304, 0.6821510791778564,
      -0.21157094836235046, -0.3088785409927368, -0.7445859909057617, 0.8554482460021973, 0.48934248089790344,
    ]);
  });

  it('deviates from the centre of a class by a variance of noise²', () => {
    const { inputs } = made({ samples: 40_000, features: 1, classes: 2, noise: 0.5 }, 3);
    const ofClass0 = inputs.filter((_, i) => i % 2 === 0);
    const centre = mean(ofClass0);
    // 20,000 draws: the estimate of the variance 0.25 has a deviation of at most 0.25 · √(2/20,000) = 0.0025; four of them.
    expect(Math.abs(mean(ofClass0.map((x) => (x - centre) ** 2)) - 0.25)).toBeLessThan(0.01);
  });

  it('takes a shape for the features', () => {
    const { source, inputs } = made({ samples: 2, features: [1, 4, 4], classes: 3, noise: 0 }, 3);
    expect(source.input).toEqual({ shape: [1, 4, 4], storage: 'f32', divisor: 1 });
    expect(new Set(inputs).size).toBe(32);
  });
});
