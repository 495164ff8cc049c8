import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '#src/data/dataset.js';
import { parseConfig } from '#src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-weights-'));

function open(text: string, keys: Record<string, unknown> = {}) {
  const file = join(folder, 'table.csv');
  writeFileSync(file, text);
  const given = { source: 'csv', file, target: 'y', weight: 'w', ...keys };
  const data = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const config = parseConfig({ data, model: [{ dense: 2 }], loss: 'crossEntropy' });
  return openDataset(config.data, 1, folder);
}

const TABLE = 'x,w,y\n1,0.5,a\n2,0,b\n3,2.25,a\n4,1,b\n';

describe('a column of weights', () => {
  it('is no input, and weighs each row', () => {
    const { spec, weights } = open(TABLE);
    expect(spec.input.shape).toEqual([1]);
    expect(spec.hasWeights).toBe(true);
    expect([...weights!]).toEqual([0.5, 0, 2.25, 1]);
  });

  it('is found by its index too', () => {
    expect([...open('1,0.5,a\n2,3,b\n', { target: 2, weight: 1 }).weights!]).toEqual([0.5, 3]);
  });

  it('is not there where none is named', () => {
    const { spec, weights } = open(TABLE, { weight: undefined });
    expect([spec.hasWeights, weights]).toEqual([undefined, undefined]);
    expect(spec.input.shape).toEqual([2]);
  });

  it.each([
    ['-1', '"-1"'],
    ['', 'an empty cell'],
    ['many', '"many"'],
    ['1e39', '"1e39"'],
  ])('refuses %j with the line', (cell, got) => {
    expect(() => open(`x,w,y\n1,1,a\n2,${cell},b\n`)).toThrow(
      `${join(folder, 'table.csv')}:3 column "w": expected a weight of 0 or more, got ${got}; correct the cell`,
    );
  });

  it('skips rows without one where bad samples are skipped', () => {
    const { weights, warnings } = open('x,w,y\n1,1,a\n2,?,b\n3,2,a\n4,3,b\n', { onBadSample: 'skip' });
    expect([...weights!]).toEqual([1, 2, 3]);
    expect(warnings.join()).toContain('skipped 1 of 4 rows');
  });

  it('cannot be the target, nor weigh nothing in a whole part', () => {
    expect(() => open(TABLE, { weight: 'y' })).toThrow('data.weight: expected a column other than the target');
    expect(() => open('x,w,y\n1,0,a\n2,0,b\n')).toThrow(
      'data.weight: expected a sample of each part to weigh something, got 2 samples of weight 0 in the train part; ' +
        'correct the weights',
    );
  });
});
