// Runs that end before their length is over: by `until`, decided at the step itself, and by patience.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Summary, train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

let runsDir: string;
beforeEach(() => {
  runsDir = join(mkdtempSync(join(tmpdir(), 'lockstep-ends-early-')), 'runs');
});

/** A run that logs every step; its rows beside the summary. */
async function trainAndRead(
  keys: Record<string, unknown>,
): Promise<{ summary: Summary; rows: Row[]; notices: string[] }> {
  const notices: string[] = [];
  const { summary, runFolder } = await train(smallConfig({ logging: { everySteps: 1 }, ...keys }), {
    runsDir,
    onEvent: (event) => event.type === 'notice' && notices.push(event.message),
  });
  const lines = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return { summary, rows: lines.map((line) => JSON.parse(line)), notices };
}

interface Row {
  step: number;
  loss: number;
  gradNorm: number;
}

describe('until', () => {
  it.each([
    ['loss', { until: { loss: 0.6 } }, (row: Row) => row.loss <= 0.6],
    ['gradNorm', { until: { gradNorm: 0.35 }, clip: { norm: 5 } }, (row: Row) => row.gradNorm <= 0.35],
  ] as const)(
    '%s makes the first step that meets it the last one, with the same bits for 1, 2 and 3 workers',
    async (key, keys, isMet) => {
      const runs = [];
      for (const workers of [1, 2, 3]) runs.push(await trainAndRead({ ...keys, workers, epochs: 60 }));
      const [{ summary, rows, notices }] = runs;
      expect(rows.findIndex(isMet)).toBe(rows.length - 1);
      expect(summary).toMatchObject({ status: 'done', endedBy: `until.${key}`, steps: rows.length });
      expect(rows.length).toBeLessThan(60 * 8);
      expect(notices).toEqual([expect.stringContaining(`ended at step ${rows.length - 1}:`)]);
      // What was evaluated is what the last step left.
      expect(summary.testLoss).toBeGreaterThan(0);
      expect(new Set(runs.map((run) => run.summary.stateSha256)).size).toBe(1);
      expect(new Set(runs.map((run) => run.summary.testLoss)).size).toBe(1);
    },
  );

  it('plateau ends the run after so many steps without a lower loss', async () => {
    const { summary, rows } = await trainAndRead({ until: { plateau: { steps: 20 } }, epochs: 200 });
    const least = rows.reduce((best, row) => (row.loss < best.loss ? row : best));
    expect(summary.endedBy).toBe('until.plateau');
    expect(rows.at(-1)!.step - least.step).toBe(20);
  });

  it('that is never met leaves the bits as they are', async () => {
    const [{ summary: without }, { summary: never }] = [
      await trainAndRead({}),
      await trainAndRead({ until: { loss: 0, gradNorm: 0 } }),
    ];
    expect(never.stateSha256).toBe(without.stateSha256);
    expect(never).not.toHaveProperty('endedBy');
  });
});

describe('evaluation.patience', () => {
  it('ends the run after so many evaluations without a better metric, and says how to change it', async () => {
    const keys = { evaluation: { patience: 2, minDelta: 10, metric: 'loss' }, epochs: 9 };
    const { summary, notices } = await trainAndRead(keys);
    // No loss is lower by 10 than the first one.
    expect(summary).toMatchObject({ status: 'done', epochs: 3, endedBy: 'evaluation.patience', best: { epoch: 1 } });
    expect(notices).toEqual([
      expect.stringMatching(
        /^ended early after 2 evaluations without a better loss than epoch 1's: evaluation\.patience=2/,
      ),
    ]);
  });

  it('needs a validation part', async () => {
    const data = { source: 'synthetic', samples: 30, features: 12, classes: 3 };
    await expect(trainAndRead({ data, evaluation: { patience: 2 } })).rejects.toThrow(
      'evaluation.patience: expected a validation part to look at, got 2 without one; set data.validation or remove patience',
    );
  });
});
