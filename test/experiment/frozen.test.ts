// Frozen parameters: they stay, nothing is computed for them, and the others learn as if nothing were frozen.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import { prepareRun } from '#src/experiment/prepare.js';
import { train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const runsDir = join(mkdtempSync(join(tmpdir(), 'lockstep-frozen-')), 'runs');
const freeze = (match: string) => ({ optimizer: { name: 'adam', lr: 0.01, groups: [{ match, frozen: true }] } });

async function weightsAfter(steps: number, keys: Record<string, unknown> = {}) {
  const { runFolder } = await train(smallConfig({ epochs: undefined, steps, ...keys }), { runsDir });
  const { tensors } = readSafetensorsFile(join(runFolder, 'weights', 'last.safetensors'));
  return (name: string) => [...float32Values(tensors.get(name)!)];
}

it('frozen parameters stay as they were made, and the first step of the others is that of a run without', async () => {
  const first = await weightsAfter(1, { optimizer: { name: 'sgd', lr: 0 } });
  const free = await weightsAfter(1);
  const frozen = await weightsAfter(1, freeze('dense1.*'));
  for (const name of ['dense1.weight', 'dense1.bias']) {
    expect(frozen(name)).toEqual(first(name));
    expect(free(name)).not.toEqual(first(name));
  }
  for (const name of ['dense2.weight', 'dense2.bias']) expect(frozen(name)).toEqual(free(name));
});

it('a plan computes no gradient for frozen parameters, nor for what lies before the last trained one', () => {
  const labels = (keys: object) =>
    prepareRun(smallConfig({ ...keys }), { baseDir: '.' }).plan.train.backward.map(({ label }) => label);
  expect(labels({}).filter((label) => label.startsWith('dense1'))).not.toEqual([]);
  expect(labels(freeze('dense1.*')).filter((label) => label.startsWith('dense1'))).toEqual([]);
  expect(labels(freeze('dense2.weight')).filter((label) => label.endsWith('d dense2.weight'))).toEqual([]);
});

it('a run in which everything is frozen is refused', () => {
  expect(() => prepareRun(smallConfig(freeze('*')), { baseDir: '.' })).toThrow(
    'optimizer.groups: expected a parameter that is trained, got all 4 frozen; freeze fewer',
  );
});
