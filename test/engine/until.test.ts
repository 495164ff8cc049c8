// The conditions of `until` on hand-made records.
import { describe, expect, it } from 'vitest';
import { RECORD_CELLS } from '#src/engine/memory-map.js';
import { RECORD_RANGES } from '#src/engine/shared-views.js';
import { metUntil, NO_LOSS, nextLeastLoss, type Until } from '#src/engine/until.js';

const NEVER: Until = { loss: null, gradNorm: null, plateau: null };

/** A record of three ranges whose gradient has the norm 13. */
function recordOf(cells: Partial<Record<keyof typeof RECORD_CELLS, number>>): Float64Array {
  const record = new Float64Array(RECORD_RANGES + 3);
  const all = { lossNumerator: 6, denominator: 4, ...cells };
  for (const [name, value] of Object.entries(all)) record[RECORD_CELLS[name as keyof typeof RECORD_CELLS]] = value;
  record.set([9, 16, 144], RECORD_RANGES);
  return record;
}

const met = (until: Partial<Until>, cells = {}) => metUntil({ ...NEVER, ...until }, recordOf(cells), 0, 3);

describe('metUntil', () => {
  it('looks at the mean loss, at its very value too', () => {
    expect(met({ loss: 1.5 })).toBe('loss');
    expect(met({ loss: 1.499 })).toBeUndefined();
  });

  it("looks at the norm of the whole gradient, which is the ranges' together", () => {
    expect(met({ gradNorm: 13 })).toBe('gradNorm');
    expect(met({ gradNorm: 12.999 })).toBeUndefined();
  });

  it('counts the steps that did not lower the least loss', () => {
    expect(met({ plateau: { steps: 3, minDelta: 0 } }, { stepsSinceLeastLoss: 3 })).toBe('plateau');
    expect(met({ plateau: { steps: 3, minDelta: 0 } }, { stepsSinceLeastLoss: 2 })).toBeUndefined();
  });

  it('is never met by a skipped step, nor without a condition', () => {
    expect(met({ loss: 9, gradNorm: 99 }, { isSkipped: 1 })).toBeUndefined();
    expect(met({})).toBeUndefined();
  });
});

describe('nextLeastLoss', () => {
  it('counts from the last loss that was lower by more than minDelta', () => {
    const losses = [5, 4.9, 4.5, Number.NaN, 4.45, 4];
    let sofar = NO_LOSS;
    const counts = losses.map((loss) => {
      sofar = nextLeastLoss(sofar, loss, 0.2);
      return [sofar.least, sofar.stepsSince];
    });
    expect(counts).toEqual([
      [5, 0],
      [5, 1],
      [4.5, 0],
      [4.5, 0],
      [4.5, 1],
      [4, 0],
    ]);
  });
});
