// reduceOnPlateau as a state machine: sequences worked out by hand from PyTorch's rules.
import { describe, expect, it } from 'vitest';
import { initialPlateau, nextPlateau, type PlateauState, plateauRules } from '#src/optim/plateau.js';
import { scheduleSchema } from '#src/optim/schedule.schema.js';

function follow(keys: Record<string, unknown>, values: readonly number[], mode: 'min' | 'max' = 'min'): PlateauState[] {
  const rules = plateauRules(scheduleSchema.parse({ name: 'reduceOnPlateau', ...keys }), 0.1, mode)!;
  const states = [initialPlateau(rules)];
  for (const value of values) states.push(nextPlateau(rules, states[states.length - 1], value));
  return states.slice(1);
}

const factorsOf = (...args: Parameters<typeof follow>): number[] => follow(...args).map(({ factor }) => factor);

describe('reduceOnPlateau', () => {
  it('bears `patience` evaluations without improvement, and reduces at the next', () => {
    expect(factorsOf({ factor: 0.5, patience: 2 }, [1, 1, 1, 1, 1, 1, 1])).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25]);
  });

  it('begins to count anew at an improvement', () => {
    expect(factorsOf({ factor: 0.5, patience: 1 }, [3, 4, 2, 3, 3, 1])).toEqual([1, 1, 1, 1, 0.5, 0.5]);
  });

  it('takes a relative improvement of the threshold or less for none', () => {
    const keys = { factor: 0.5, patience: 0, threshold: 0.5 };
    expect(follow(keys, [4, 2, 1.5])).toEqual([
      { best: 4, badEvaluations: 0, factor: 1 },
      { best: 4, badEvaluations: 0, factor: 0.5 },
      { best: 1.5, badEvaluations: 0, factor: 0.5 },
    ]);
    expect(factorsOf(keys, [4, 6, 6.5], 'max')).toEqual([1, 0.5, 0.5]);
  });

  it('follows the mode of the watched figure, or its own', () => {
    expect(factorsOf({ factor: 0.5, patience: 0 }, [1, 2, 3], 'max')).toEqual([1, 1, 1]);
    expect(factorsOf({ factor: 0.5, patience: 0, mode: 'min' }, [1, 2, 3], 'max')).toEqual([1, 0.5, 0.25]);
  });

  it('never goes below minLr', () => {
    expect(factorsOf({ factor: 0.5, patience: 0, minLr: 0.03125 }, [1, 1, 1, 1])).toEqual([1, 0.5, 0.3125, 0.3125]);
    expect(factorsOf({ patience: 0, minLr: 7 }, [1, 1])).toEqual([1, 1]);
  });

  it('takes what is no number for no improvement', () => {
    expect(factorsOf({ factor: 0.5, patience: 0 }, [Number.NaN, 5])).toEqual([0.5, 0.5]);
  });

  it('is no rule of other schedules', () => {
    expect(plateauRules(scheduleSchema.parse({ name: 'cosine' }), 0.1, 'min')).toBeNull();
    expect(plateauRules(undefined, 0.1, 'min')).toBeNull();
  });
});
