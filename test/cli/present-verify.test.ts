import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { presentVerdict, presentVerifiedRun } from '#src/cli/present-verify.js';
import { judge } from '#src/experiment/verified.js';
import type { VerifiedRun } from '#src/index.js';

const run = (workers: number, hash: string) => {
  return { workers, steps: 20, loss: 0.245_12, weightsSha256: hash.repeat(64), stateSha256: 'b'.repeat(64) };
};

const verdict = (runs: VerifiedRun[]): string => presentVerdict({ ...judge(runs), runs }, PLAIN_PAGE);

describe('what verify says', () => {
  it('is a line a run', () => {
    expect(presentVerifiedRun(run(1, 'a'), false)).toBe(
      '   1 worker  20 steps  loss 0.2451  weights aaaaaaaaaaaa  state bbbbbbbbbbbb',
    );
    expect(presentVerifiedRun(run(2, 'a'), true)).toContain(`weights ${'a'.repeat(64)}  state ${'b'.repeat(64)}`);
  });

  it('is the hashes where all runs have the same', () => {
    expect(verdict([run(1, 'a'), run(2, 'a'), run(5, 'a')])).toBe(
      `same bits: 1, 2 and 5 workers; after 20 steps\n  weights ${'a'.repeat(64)}\n  state   ${'b'.repeat(64)}`,
    );
  });

  it('names the numbers of workers that differ from the first', () => {
    expect(verdict([run(1, 'a'), run(2, 'a'), run(5, 'c')])).toBe(
      'different bits: 5 workers against 1 worker, after 20 steps; this is a fault in lockstep',
    );
  });

  const lost = (hash: string, lostWorkers: number) => ({ ...run(5, hash), lostWorkers });
  const killed = (hash: string, step: number | undefined) => ({ ...run(1, hash), kill: { workers: 2, step } });

  it('says what was done to a run', () => {
    expect(presentVerifiedRun(lost('a', 2), false)).toMatch(/^ {2}5 workers .* {2}2 workers killed in mid-step$/);
    expect(presentVerifiedRun(killed('a', 10), false)).toMatch(/ {2}process of 2 workers killed in step 10, resumed$/);
    expect(verdict([run(1, 'a'), run(2, 'a'), lost('a', 2), killed('a', 10)])).toContain(
      'same bits: 1 and 2 workers; 2 workers killed in mid-step; process of 2 workers killed in step 10, resumed; after 20 steps\n',
    );
  });

  it('names a run that was killed and differs', () => {
    expect(verdict([run(1, 'a'), run(2, 'a'), lost('c', 2), killed('c', 10)])).toBe(
      'different bits: 5 workers (2 workers killed in mid-step); 1 worker (process of 2 workers killed in step 10, resumed) against 1 worker, after 20 steps; this is a fault in lockstep',
    );
  });

  it('calls nothing proven that did not happen', () => {
    expect(verdict([run(1, 'a'), lost('a', 0)])).toBe('not proven: lost workers: expected one at least, got none');
    expect(verdict([run(1, 'a'), lost('a', 1), killed('a', undefined)])).toBe(
      'not proven: a killed process: expected it to be killed in the middle of a step, got one that was over before',
    );
    expect(presentVerifiedRun(lost('a', 0), false)).toMatch(/not proven$/);
    expect(presentVerifiedRun(killed('a', undefined), false)).toMatch(/not proven$/);
  });

  it('does not call a run the same that did fewer steps', () => {
    expect(judge([run(1, 'a'), { ...run(2, 'a'), steps: 19 }]).isSame).toBe(false);
  });
});
