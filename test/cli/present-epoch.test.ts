import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { planEpochTable, presentEpoch, presentEpochTitles, presentPhases } from '#src/cli/present-epoch.js';
import { EPOCH, PHASES, START } from './events-fixture.ts';

const PAGE_80 = { ...PLAIN_PAGE, columns: 80 };

function present(start: typeof START, epochs: (typeof EPOCH)[], page: typeof PLAIN_PAGE): string {
  const table = planEpochTable(start, epochs[0].metric, page);
  return [presentEpochTitles(table, page), ...epochs.map((epoch) => presentEpoch(epoch, table, page))].join('\n');
}

describe('the table of epochs', () => {
  it('aligns a row an epoch in 80 columns, with a dash for what was not evaluated', () => {
    const { validationLoss: _loss, validationMetric: _metric, ...unevaluated } = EPOCH;
    const last = {
      ...unevaluated,
      epoch: 10,
      trainLoss: 12.345,
      trainMetric: 1,
      seconds: 3725,
      lr: 0.000_25,
      isBest: false,
    };
    expect(present(START, [EPOCH, { ...last, samplesPerSecond: 1_234_567, stepMs: 1234.4 }], PAGE_80)).toBe(
      `               training        validation                              * best
epoch    loss  accuracy    loss  accuracy  samples/s  ms/step      lr    time
 1/10  0.2451   92.71 %  0.1321   96.12 %     54,120     9.46   0.001   1.2 s *
10/10   12.35  100.00 %       –         –  1,234,567    1,234  2.5e-4  1h 02m`,
    );
  });

  it('does without the learning rate, then ms/step, where the page is too narrow', () => {
    const titles = (columns: number, epochs = 10) =>
      present({ ...START, epochs }, [EPOCH], { ...PLAIN_PAGE, columns })
        .split('\n')[1]
        .trim()
        .split(/ +/);
    expect(titles(80, 100)).not.toContain('lr');
    expect(titles(80, 100)).toContain('ms/step');
    expect(titles(66)).toEqual(['epoch', 'loss', 'accuracy', 'loss', 'accuracy', 'samples/s', 'time']);
  });

  it('has no validation columns where there is no validation part', () => {
    const start = { ...START, samples: { train: 54_000, validation: 0, test: 0 } };
    const { validationLoss: _loss, validationMetric: _metric, ...epoch } = EPOCH;
    expect(present(start, [{ ...epoch, isBest: false }], PAGE_80)).toBe(
      `               training
epoch    loss  accuracy  samples/s  ms/step      lr    time
 1/10  0.2451   92.71 %     54,120     9.46   0.001   1.2 s`,
    );
  });

  it('does not repeat a loss that is the metric too', () => {
    const titles = present(START, [{ ...EPOCH, metric: 'mse' }], PAGE_80).split('\n')[1];
    expect(titles).toBe('epoch    loss    loss  samples/s  ms/step      lr    time');
  });

  it('counts the epochs of a run that is given in steps', () => {
    expect(present({ ...START, epochs: null, steps: 213 }, [EPOCH], PAGE_80)).toContain('\n  1/3  0.2451');
  });
});

describe('presentPhases', () => {
  it('gives the milliseconds of a step in the order of the phases', () => {
    expect(presentPhases(PHASES, PAGE_80)).toBe(
      `   ms: gather 0.310 · forward 3.10 · backward 4.80 · reduce 0.020 · update 0.800
       wait 0.400 · coordinator 0.030`,
    );
  });
});
