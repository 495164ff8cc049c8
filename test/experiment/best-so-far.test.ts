// Which evaluation was the best, held to what the list of all figures says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BestSoFar } from '#src/experiment/best-so-far.js';
import { smallConfig } from './small-config.js';

const figure = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);

function watch(evaluation: Record<string, unknown>): BestSoFar {
  return new BestSoFar(smallConfig({ evaluation }));
}

describe('BestSoFar', () => {
  it('keeps the first of the greatest accuracies, as a list of all of them has it', () => {
    fc.assert(
      fc.property(fc.array(figure, { minLength: 1, maxLength: 12 }), (accuracies) => {
        const best = watch({ metric: 'accuracy', mode: 'max' });
        for (const [epoch, metric] of accuracies.entries()) best.add(epoch, { loss: 1, metric });
        const known = accuracies.filter((value) => !Number.isNaN(value));
        const expected = known.length === 0 ? 0 : accuracies.indexOf(Math.max(...known));
        expect(best.best?.epoch).toBe(expected);
      }),
    );
  });

  it('asks for more than minDelta below the least loss', () => {
    const best = watch({ metric: 'loss', mode: 'min', minDelta: 0.5 });
    const isBetter = (loss: number): boolean => best.isBetter({ loss, metric: 0 });
    expect(isBetter(4)).toBe(true);
    best.add(1, { loss: 4, metric: 0 });
    expect([isBetter(3.5), isBetter(3.4), isBetter(Number.NaN)]).toEqual([false, true, false]);
    expect(best.watched).toBe(4);
  });

  it('runs out of patience after so many evaluations without a better one, and counts on where it was saved', () => {
    const before = watch({ metric: 'loss', mode: 'min', patience: 2 });
    before.add(1, { loss: 1, metric: 0 });
    before.add(2, { loss: 2, metric: 0 });
    expect(before.isOutOfPatience).toBe(false);
    const after = watch({ metric: 'loss', mode: 'min', patience: 2 });
    after.restore(before.saved());
    after.add(3, { loss: 3, metric: 0 });
    expect(after.isOutOfPatience).toBe(true);
    expect(after.describePatience()).toMatch(/^ended early after 2 evaluations without a better loss than epoch 1's/);
    after.add(4, { loss: 0, metric: 0 });
    expect([after.isOutOfPatience, after.best?.epoch]).toEqual([false, 4]);
  });
});
