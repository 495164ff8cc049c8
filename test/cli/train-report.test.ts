import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { createProgressLines, NO_PROGRESS } from '#src/cli/progress-display.js';
import { type ReportOptions, TrainReport } from '#src/cli/train-report.js';
import type { StepEvent } from '#src/experiment/events.js';
import { planParallelism } from '#src/experiment/parallelism.js';
import { END, EPOCH, PHASES, START } from './events-fixture.ts';

const STEP: StepEvent = {
  type: 'step',
  step: 0,
  epoch: 0,
  steps: 1,
  loss: Number.NaN,
  lr: 0.001,
  gradNorm: null,
  samplesPerSecond: 51_200,
  stepMs: 10,
  phases: PHASES,
};
const PROGRESS = {
  type: 'progress',
  epoch: 0,
  stepInEpoch: 1,
  stepsPerEpoch: 106,
  loss: 2.3,
  samplesPerSecond: 5e4,
} as const;

function makeReport(options: Partial<ReportOptions>) {
  const lines = { text: [] as string[], warnings: [] as string[], json: [] as string[], shown: [] as string[] };
  const report = new TrainReport({
    level: 'normal',
    writeText: (text) => lines.text.push(text),
    writeWarning: (text) => lines.warnings.push(text),
    writeJson: (line) => lines.json.push(line),
    progress: { show: () => lines.shown.push('show'), hide: () => lines.shown.push('hide') },
    page: PLAIN_PAGE,
    warningPage: PLAIN_PAGE,
    next: [],
    resume: (folder) => `lockstep train --resume ${folder}`,
    isKept: true,
    ...options,
  });
  return { report, lines };
}

describe('TrainReport', () => {
  it('writes every event but progress as one line of JSON, in order', () => {
    const { report, lines } = makeReport({});
    for (const event of [START, PROGRESS, STEP, EPOCH, END]) report.show(event);
    expect(lines.json.map((line) => JSON.parse(line).type)).toEqual(['start', 'step', 'epoch', 'end']);
    expect(lines.json.filter((line) => line.includes('\n'))).toEqual([]);
    expect(JSON.parse(lines.json[0])).toEqual(START);
    expect(JSON.parse(lines.json[1]).loss).toBeNull();
  });

  it('takes the bar away before it writes text, and only then', () => {
    const { report, lines } = makeReport({});
    for (const event of [START, PROGRESS, STEP, PROGRESS, EPOCH]) report.show(event);
    expect(lines.shown).toEqual(['hide', 'show', 'show', 'hide']);
  });

  it('writes the titles of the table once', () => {
    const { report, lines } = makeReport({});
    for (const event of [START, EPOCH, { ...EPOCH, epoch: 2 }]) report.show(event);
    expect(lines.text[1].split('\n')).toHaveLength(4);
    expect(lines.text[2]).toBe(' 2/10  0.2451   92.71 %  0.1321   96.12 %     54,120     9.46   0.001   1.2 s *');
  });

  it('when quiet writes warnings and JSON, and no other text', () => {
    const { report, lines } = makeReport({ level: 'quiet' });
    const start = { ...START, workers: 12, parallelism: planParallelism(8, 12, 512) };
    const warning = { type: 'notice', level: 'warning', message: 'fast equals portable here' } as const;
    for (const event of [start, warning, PROGRESS, EPOCH, END]) report.show(event);
    expect(lines.text).toEqual([]);
    expect(lines.shown.includes('show')).toBe(false);
    expect(lines.warnings.map((line) => line.slice(0, 31))).toEqual([
      'warning: 12 workers for 8 shard',
      'warning: fast equals portable h',
    ]);
    expect(lines.json).toHaveLength(4);
  });

  it("when verbose writes the mean phases of an epoch's own steps", () => {
    const { report, lines } = makeReport({ level: 'verbose' });
    const slow = { ...PHASES, gather: 1.31 };
    // (1 × 0.31 + 3 × 1.31) / 4 = 1.06
    for (const event of [START, STEP, { ...STEP, steps: 3, phases: slow }, EPOCH, STEP, EPOCH]) report.show(event);
    expect(lines.text[1]).toContain('gather 1.06 · forward 3.10');
    expect(lines.text[2]).toContain('gather 0.310 · forward 3.10');
  });

  it('offers no next command after a run that failed', () => {
    const { report, lines } = makeReport({ next: ['lockstep verify a.yaml'], progress: NO_PROGRESS });
    report.show(END);
    expect(lines.text[0]).toContain('\nnext      lockstep verify a.yaml');
    report.show({ ...END, summary: { ...END.summary, status: 'failed', error: 'worker 1 failed' } });
    expect(lines.text[1]).not.toContain('next');
  });
});

describe('createProgressLines', () => {
  it('writes a line when ten seconds have passed without another one', () => {
    const lines: string[] = [];
    let now = 0;
    const progress = createProgressLines(
      (line) => lines.push(line),
      () => now,
    );
    const showAt = (ms: number) => {
      now = ms;
      progress.show(PROGRESS, START);
    };
    for (const ms of [100, 9999, 10_000, 10_100]) showAt(ms);
    expect(lines).toEqual(['epoch 1/10, step 1/106: loss 2.3000, 50,000 samples/s, ETA 2 s, run 11 s']);
    now = 15_000;
    progress.hide();
    for (const ms of [24_999, 25_000]) showAt(ms);
    expect(lines).toHaveLength(2);
  });
});
