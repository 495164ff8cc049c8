// The table of bench/peers-compare.mjs, by figures worked by hand.
import { describe, expect, it } from 'vitest';
import { alignColumns, bestOf, shareOfLimit, summarizeWorkload, summaryTable } from '../../bench/peers-summary.mjs';

const row = (kind: string, name: string, median: number) => ({ kind, name, median });
const ROWS = [
  row('PyTorch 1.13.1', 'one thread', 20_000),
  row('PyTorch 1.13.1', 'two threads', 25_000),
  row('PyTorch 2.15.0', 'one thread', 40_000),
  row('JavaScript', 'jax-js', 5000),
  row('lockstep fast', 'fast', 50_000),
  row('lockstep portable', 'portable', 15_000),
];
const LIMITS = { cores: 2, fast: 100, portable: 40 };

describe('the summary of peers', () => {
  it('takes the best figure of each kind, each PyTorch for itself', () => {
    expect(bestOf(ROWS, 'PyTorch')?.name).toBe('one thread');
    expect(bestOf(ROWS, 'PyTorch 1')?.name).toBe('two threads');
    const { against, javascript } = summarizeWorkload('mlp', ROWS, LIMITS);
    expect(against).toEqual({
      'PyTorch 1.13.1': { fast: 2, portable: 0.6 },
      'PyTorch 2.15.0': { fast: 1.25, portable: 0.375 },
    });
    expect(javascript).toBe(10);
  });

  it('gives the share of the limit: 50,000 samples of 2.41 MFLOP are 120.5 GFLOP/s of 200', () => {
    expect(shareOfLimit('mlp', 50_000, { cores: 2, gigaflops: 100 })).toBeCloseTo(0.6025, 12);
    const { fastOfLimit, portableOfLimit } = summarizeWorkload('mlp', ROWS, LIMITS);
    expect(fastOfLimit).toBeCloseTo(0.6025, 12);
    expect(portableOfLimit).toBeCloseTo((15_000 * 2.41) / 80_000, 12);
  });

  it('says beside 1.13 what is wanted, marks what falls short, and shows a dash for what was not measured', () => {
    const { titles, lines } = summaryTable({
      mlp: summarizeWorkload('mlp', ROWS, LIMITS),
      gpt: summarizeWorkload('gpt', [row('lockstep fast', 'fast', 300)], LIMITS),
    });
    expect(titles.slice(1, 3)).toEqual(['fast ÷ best PyTorch 1.13.1', 'portable ÷ best PyTorch 1.13.1']);
    expect(lines[0]).toEqual([
      'mlp',
      '2.00 (≥ 1.5)',
      '0.60 (≥ 0.8, short)',
      '1.25',
      '0.38',
      '10.00 (≥ 4)',
      '0.60 (≥ 0.6)',
      '0.45 (≥ 0.75, short)',
    ]);
    expect(lines[1]).toEqual(['gpt', '–', '–', '–', '–', '–', '0.49 (≥ 0.55, short)', '–']);
    expect(new Set(alignColumns(titles, lines).map((line) => line.length)).size).toBe(1);
  });
});
