// `averaging`: what is evaluated and written is the moving average of the parameters, worked out here from the runs without it.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import { type Summary, train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const runsDir = join(mkdtempSync(join(tmpdir(), 'lockstep-averaging-')), 'runs');

async function trainSteps(steps: number, keys: Record<string, unknown> = {}) {
  const { summary, runFolder } = await train(smallConfig({ epochs: undefined, steps, ...keys }), { runsDir });
  const { tensors } = readSafetensorsFile(join(runFolder, 'weights', 'last.safetensors'));
  const weights = new Map([...tensors].map(([name, tensor]) => [name, float32Values(tensor)]));
  return { summary, weights };
}

const figures = ({ testLoss, testAccuracy, validationLoss, weightsSha256, best }: Summary) => ({
  testLoss,
  testAccuracy,
  validationLoss,
  weightsSha256,
  best,
});

describe('averaging', () => {
  it('writes ema · average + (1 − ema) · parameters of every step, from the first weights on', async () => {
    const ema = 0.75;
    const { weights: first } = await trainSteps(1, { optimizer: { name: 'sgd', lr: 0 } });
    const after: Map<string, Float32Array>[] = [];
    for (const steps of [1, 2, 3]) after.push((await trainSteps(steps)).weights);
    const { weights: averaged } = await trainSteps(3, { averaging: { ema } });
    for (const [name, values] of averaged) {
      const expected = first.get(name)!.map((start, i) =>
        after.reduce((average, weights) => {
          return Math.fround(average + Math.fround((1 - ema) * Math.fround(weights.get(name)![i] - average)));
        }, start),
      );
      expect(values).toEqual(expected);
    }
  });

  it('of ema 0 is the parameters themselves, in every figure', async () => {
    const [plain, averaged] = [await trainSteps(20), await trainSteps(20, { averaging: { ema: 0 } })];
    expect(figures(averaged.summary)).toEqual(figures(plain.summary));
    expect(averaged.summary.stateSha256).not.toBe(plain.summary.stateSha256);
  });

  it('gives other figures than the parameters', async () => {
    const [plain, averaged] = [await trainSteps(20), await trainSteps(20, { averaging: { ema: 0.9 } })];
    expect(averaged.summary.testLoss).not.toBe(plain.summary.testLoss);
    expect(averaged.summary.validationLoss).not.toBe(plain.summary.validationLoss);
  });
});
