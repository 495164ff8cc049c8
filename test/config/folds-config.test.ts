// What `data.folds`, `data.fold`, `data.weight` and `data.sampling` may say.
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#src/config/load-config.js';
import { issuesOf, SMALLEST } from './config-cases.ts';

const parse = (data: Record<string, unknown>) => parseConfig({ ...SMALLEST, data: { source: 'digits', ...data } });

describe('folds and sampling', () => {
  it.each([
    { folds: 5 },
    { folds: 2, fold: 2, split: 'stratified', validation: 0.1 },
    { source: 'penguins', folds: 3, split: 'group', splitBy: 'island' },
    { source: 'images', folder: 'a', folds: 4, split: 'stratified' },
    { source: 'wine', weight: 'ash', sampling: 'balanced' },
  ])('take %j', (data) => {
    expect(parse(data).data).toMatchObject(data);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ folds: 1 }, 'data.folds: expected a whole number of 2 or more, got 1; '],
    [{ folds: 5, test: 0.2 }, 'data.test: expected no fraction, as each fold is the test part in turn, got 0.2; '],
    [{ folds: 5, fold: 6 }, 'data.fold: expected one of the folds, from 1 to data.folds, got 6; '],
    [{ fold: 1 }, 'data.fold: expected one of the folds, from 1 to data.folds, got 1; '],
    [
      { source: 'penguins', folds: 3, split: 'time', splitBy: 'island' },
      'data.split: expected random, stratified or group, as there are folds, got "time"; ',
    ],
    [
      { source: 'images', folder: 'a', folds: 3, testFolder: 'b' },
      'data.folds: expected no folds, as testFolder is the test part, got 3; ',
    ],
    [{ source: 'mnist', folds: 3 }, 'data.folds: expected a known key, got folds; '],
    [{ sampling: 'even' }, 'data.sampling: expected balanced, got "even"; '],
    [
      { sampling: 'balanced', shuffle: false },
      'data.sampling: expected no sampling, as shuffle is false, got "balanced"; ',
    ],
  ])('refuse %j', (data, message) => {
    const [issue] = issuesOf(() => parse(data));
    expect(issue.slice(0, message.length)).toBe(message);
  });
});
