import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { presentBar, presentProgressLine } from '#src/cli/present-progress.js';
import { START } from './events-fixture.ts';

const EVENT = {
  type: 'progress',
  epoch: 2,
  stepInEpoch: 53,
  stepsPerEpoch: 106,
  loss: 0.231,
  samplesPerSecond: 5120,
} as const;

// 5,120 samples/s are 0.1 s a step of 512: 53 steps left are 5.3 s, 1060 − 265 = 795 are 79.5 s.
describe('progress within an epoch', () => {
  it('is a bar with what is left of the epoch and of the run', () => {
    expect(presentBar(EVENT, START, { ...PLAIN_PAGE, columns: 120 })).toBe(
      'epoch 3/10 ━━━━━━━━━━━━━━━───────────────  53/106 · loss 0.2310 ·   5,120 samples/s · ETA 6 s, run 80 s',
    );
  });

  it('leaves out the speed, then the time of the run, then more, on narrower terminals', () => {
    const at = (columns: number) => presentBar(EVENT, START, { ...PLAIN_PAGE, columns });
    expect(at(80)).toBe('epoch 3/10 ━━━━━━━━━──────────  53/106 · loss 0.2310 · ETA 6 s, run 80 s');
    expect(at(60)).toBe('epoch 3/10 ━━━━━━──────  53/106 · loss 0.2310 · ETA 6 s');
    expect(at(50)).toBe('epoch 3/10 ━━━━━━━━────────  53/106 · loss 0.2310');
    expect(at(30)).toBe('epoch 3/10 ━━━━━─────  53/106');
    expect(at(20)).toBe('epoch 3/10  53/106');
  });

  it('has its figures in the same place all through an epoch', () => {
    const columnsOf = (stepInEpoch: number, samplesPerSecond: number) =>
      presentBar({ ...EVENT, stepInEpoch, samplesPerSecond }, START, { ...PLAIN_PAGE, columns: 120 }).indexOf('ETA');
    fc.assert(
      fc.property(fc.nat(106), fc.integer({ min: 1, max: 999_999 }), (stepInEpoch, samplesPerSecond) => {
        expect(columnsOf(stepInEpoch, samplesPerSecond)).toBe(columnsOf(53, 5120));
      }),
    );
  });

  it('leaves out the run in its last epoch', () => {
    expect(presentProgressLine({ ...EVENT, epoch: 9 }, START)).toBe(
      'epoch 10/10, step 53/106: loss 0.2310, 5,120 samples/s, ETA 6 s',
    );
  });

  it('does not count steps behind the end of a run that ends within an epoch', () => {
    expect(presentProgressLine({ ...EVENT, epoch: 0 }, { ...START, epochs: null, steps: 60 })).toBe(
      'epoch 1/1, step 53/106: loss 0.2310, 5,120 samples/s, ETA 1 s',
    );
  });

  it('knows no time left before it knows a speed', () => {
    expect(presentProgressLine({ ...EVENT, samplesPerSecond: 0 }, START)).toContain('ETA unknown');
  });

  it('never fills the last column of a terminal of 40 or more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 300 }), fc.nat(106), fc.nat(9), (columns, stepInEpoch, epoch) => {
        const line = presentBar({ ...EVENT, stepInEpoch, epoch }, START, { ...PLAIN_PAGE, columns });
        expect(line.length).toBeLessThan(columns);
      }),
    );
  });
});
