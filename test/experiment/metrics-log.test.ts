import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, describe, expect, it } from 'vitest';
import { beginRunFolder } from '#src/experiment/begin-run-folder.js';
import type { EpochEvent, StepEvent } from '#src/experiment/events.js';
import { MetricsLog, metricsLine } from '#src/experiment/metrics-log.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-metrics-'));
afterAll(() => rmSync(root, { recursive: true }));

const STEP: StepEvent = {
  type: 'step',
  step: 3,
  epoch: 0,
  steps: 4,
  loss: 0.1 + 0.2,
  lr: 0.001,
  gradNorm: null,
  samplesPerSecond: 51_200,
  stepMs: 10,
  phases: { gather: 1, forward: 2, backward: 3, reduce: 1, update: 1, wait: 1, coordinator: 1 },
};
const EPOCH: EpochEvent = {
  type: 'epoch',
  epoch: 1,
  step: 106,
  trainLoss: 0.1 + 0.2,
  trainMetric: 0.9,
  validationLoss: 1e-7,
  validationMetric: 0.8,
  metric: 'accuracy',
  lr: 0.001,
  samplesPerSecond: 51_200,
  stepMs: 10,
  seconds: 1.5,
  isBest: true,
};

describe('MetricsLog', () => {
  it('writes lines of JSON and rows of CSV that readers of these formats take back at full precision', () => {
    const folder = beginRunFolder(root, 'run').publish();
    const log = new MetricsLog(folder, 'accuracy');
    const { validationLoss: _loss, validationMetric: _metric, ...unevaluated } = EPOCH;
    log.addStep(STEP);
    log.addStep({ ...STEP, step: 7 });
    log.addEpoch(EPOCH);
    log.addEpoch({ ...unevaluated, epoch: 2, isBest: false });
    // Whole lines are there while the run goes on.
    const lines = readFileSync(folder.file('metrics.jsonl'), 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    const { type: _type, ...record } = STEP;
    expect(lines.map((line) => JSON.parse(line))).toEqual([record, { ...record, step: 7 }]);
    const rows = parse(readFileSync(folder.file('results.csv'), 'utf8'), { columns: true }) as Record<string, string>[];
    expect(rows).toEqual([
      {
        epoch: '1',
        step: '106',
        seconds: '1.5',
        lr: '0.001',
        trainLoss: '0.30000000000000004',
        trainAccuracy: '0.9',
        validationLoss: '1e-7',
        validationAccuracy: '0.8',
        samplesPerSecond: '51200',
        stepMs: '10',
        isBest: '1',
      },
      expect.objectContaining({ epoch: '2', validationLoss: '', validationAccuracy: '', isBest: '0' }),
    ]);
    log.close();
  });

  it('writes a loss that is no number as null: JSON has no NaN', () => {
    expect(JSON.parse(metricsLine({ ...STEP, loss: Number.NaN })).loss).toBeNull();
  });
});
