import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { presentEnd } from '#src/cli/present-end.js';
import { END, SUMMARY } from './events-fixture.ts';

const OPTIONS = { next: ['lockstep verify configs/mnist-mlp.yaml'], isKept: true, isVerbose: false };

// The phases sum to 9.46 ms: forward 3.1 is 32.8 %, backward 4.8 is 50.7 %, reduce 0.02 is 0.2 %.
describe('presentEnd', () => {
  it('tells result, best epoch, speed, where the time went, path, hashes and what next', () => {
    expect(
      presentEnd(END, OPTIONS, PLAIN_PAGE),
    ).toBe(`done · test accuracy 98.21 % · test loss 0.0612 · 10 epochs, 1,060 steps in 14.2 s
best      epoch 7 · validation loss 0.0651 · validation accuracy 98.30 % · test accuracy 98.18 % · test loss 0.0603
speed     54,120 samples/s · 9.46 ms a step (95 % within 10.24 ms)
time      gather 3 % · forward 33 % · backward 51 % · reduce <1 % · update 8 % · wait 4 % · coordinator <1 %
results   runs/mnist-mlp-2 · summary.json, results.csv · weights/last.safetensors · weights/best.safetensors
hashes    weights 3f2a91c0d4e5 · state 99ab12cd34ef
next      lockstep verify configs/mnist-mlp.yaml`);
  });

  it('tells the metrics of one number of the test part, and which of them chose the best epoch', () => {
    const testMetrics = { f1: 0.91234, top3: 0.995, f1PerClass: [1, 0.5], confusionMatrix: [[1]] };
    const best = { epoch: 7, validationLoss: 0.0651, metric: 0.90111, metricName: 'f1' };
    const summary = { ...SUMMARY, validationMetrics: { f1: 0.1 }, testMetrics, best };
    const lines = presentEnd({ ...END, summary }, OPTIONS, PLAIN_PAGE).split('\n');
    expect(lines[1]).toBe('best      epoch 7 · validation loss 0.0651 · validation f1 0.9011');
    expect(lines[2]).toBe('metrics   test f1 0.9123 · test top3 99.50 %');
  });

  it('keeps every line within 80 columns on a narrow terminal', () => {
    const lines = presentEnd(END, OPTIONS, { ...PLAIN_PAGE, columns: 80 }).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('leaves out what a stopped run never had', () => {
    const { best: _, ...stopped } = SUMMARY;
    const summary = {
      ...stopped,
      status: 'stopped' as const,
      steps: 1,
      epochs: 0,
      testAccuracy: null,
      testLoss: null,
      trainLoss: null,
      samplesPerSecond: null,
      stepMs: null,
      phaseMs: null,
      weightsSha256: null,
      stateSha256: null,
    };
    expect(
      presentEnd({ ...END, summary }, { ...OPTIONS, next: [] }, PLAIN_PAGE),
    ).toBe(`stopped · 0 epochs, 1 step in 14.2 s
results   runs/mnist-mlp-2 · summary.json, results.csv · weights/last.safetensors`);
  });

  it('names no folder after a trial', () => {
    const text = presentEnd(END, { ...OPTIONS, isKept: false }, PLAIN_PAGE);
    expect(text).toContain('\nresults   nothing kept: this was a trial\n');
    expect(text).not.toContain('runs/');
  });

  it('gives all four hashes whole when verbose', () => {
    const text = presentEnd(END, { ...OPTIONS, isVerbose: true }, PLAIN_PAGE);
    for (const key of ['weightsSha256', 'stateSha256', 'planSha256', 'configSha256'] as const) {
      expect(text).toContain(String(SUMMARY[key]));
    }
  });
});
