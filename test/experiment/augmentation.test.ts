// Augmented training: the bits do not depend on workers, micro-batches' owners or a break; every option decides bits.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configSha256 } from '#src/config/config-hash.js';
import { resume, train, verify } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const data = (augment: object[] | undefined) => ({
  source: 'digits',
  batchSize: 100,
  validation: 0.1,
  test: 0.1,
  ...(augment && { augment }),
});
const model = [{ conv: 4, activation: 'relu' }, { dense: 10 }];
const config = (augment: object[] | undefined, keys: Record<string, unknown> = {}) =>
  smallConfig({ data: data(augment), model, ...keys });

const SINGLE = [
  { flip: 'horizontal' },
  { crop: [1, 2], fill: 'reflect' },
  { shift: 0.2, fill: 'edge', probability: 0.5 },
  { rotate: 15 },
  { scale: [0.8, 1.2] },
  { cutout: 3, probability: 0.5 },
  { noise: 0.1 },
  { brightness: 0.2 },
  { contrast: 0.2 },
];

describe('augmented training', () => {
  test.each([[[...SINGLE, { mixup: 0.4 }]], [[...SINGLE, { cutMix: 1, probability: 0.7 }]]])(
    'gives the same bits with 1, 2, 3 and 5 workers: %j',
    async (augment) => {
      const keys = { microBatch: 5, shards: 8, epochs: undefined, steps: 20 };
      const { isSame, runs } = await verify(config(augment, keys), { workerCounts: [1, 2, 3, 5] });
      expect(isSame, JSON.stringify(runs)).toBe(true);
      const other = await verify(config(augment, { ...keys, microBatch: 13 }), { workerCounts: [1] });
      expect(other.runs[0].steps).toBe(20);
    },
  );

  test('is another training with each item, and with none', async () => {
    const lists = [undefined, ...SINGLE.map((one) => [one]), [{ mixup: 0.4 }], [{ cutMix: 1 }], [{ mixup: 0.5 }]];
    const hashes: string[] = [];
    const configHashes: string[] = [];
    for (const list of lists) {
      const one = config(list, { epochs: undefined, steps: 3 });
      const { runs } = await verify(one, { workerCounts: [2] });
      hashes.push(runs[0].weightsSha256);
      configHashes.push(configSha256(one, 'portable'));
    }
    expect(new Set(hashes).size).toBe(lists.length);
    expect(new Set(configHashes).size).toBe(lists.length);
  });

  test('goes on after a break in the middle of an epoch with the same bits', async () => {
    const keys = { checkpoint: { everySteps: 5 }, epochs: 3 };
    const augmented = config([...SINGLE, { mixup: 0.4 }], keys);
    const runsDir = () => join(mkdtempSync(join(tmpdir(), 'lockstep-augment-')), 'runs');
    const whole = await train(augmented, { runsDir: runsDir() });
    const controller = new AbortController();
    const onEvent = (event: { type: string; step?: number }): void => {
      if (event.type === 'step' && event.step! >= 19) controller.abort();
    };
    const slow = [0, 1].map((seat) => ({ kind: 'slow' as const, seat, step: 0, ms: 2 }));
    const stopping = config([...SINGLE, { mixup: 0.4 }], { ...keys, logging: { everySteps: 1 } });
    const options = { runsDir: runsDir(), signal: controller.signal, onEvent, faults: slow };
    const broken = await train(stopping, options);
    expect(broken.summary.status).toBe('stopped');
    const rest = await resume(broken.runFolder);
    if (rest.isFinished) throw new Error('expected a run to go on with');
    expect(rest.summary.weightsSha256).toBe(whole.summary.weightsSha256);
    expect(rest.summary.stateSha256).toBe(whole.summary.stateSha256);
  });
});
