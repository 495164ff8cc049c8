import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { presentVerdict, presentVerifiedRun } from '#src/cli/present-verify.js';

const run = (workers: number, hash: string) => {
  return { workers, steps: 20, loss: 0.245_12, weightsSha256: hash.repeat(64), stateSha256: 'b'.repeat(64) };
};

describe('what verify says', () => {
  it('is a line a run', () => {
    expect(presentVerifiedRun(run(1, 'a'), false)).toBe(
      '   1 worker  20 steps  loss 0.2451  weights aaaaaaaaaaaa  state bbbbbbbbbbbb',
    );
    expect(presentVerifiedRun(run(2, 'a'), true)).toContain(`weights ${'a'.repeat(64)}  state ${'b'.repeat(64)}`);
  });

  it('is the hashes where all runs have the same', () => {
    expect(presentVerdict(true, [run(1, 'a'), run(2, 'a'), run(5, 'a')], PLAIN_PAGE)).toBe(
      `same bits: 1, 2 and 5 workers after 20 steps\n  weights ${'a'.repeat(64)}\n  state   ${'b'.repeat(64)}`,
    );
  });

  it('names the numbers of workers that differ from the first', () => {
    expect(presentVerdict(false, [run(1, 'a'), run(2, 'a'), run(5, 'c')], PLAIN_PAGE)).toBe(
      'different bits: 5 workers against 1 worker, after 20 steps; this is a fault in lockstep',
    );
  });
});
