import { describe, expect, it } from 'vitest';
import { injectFaults } from '#src/engine/faults.js';

describe('injectFaults', () => {
  it('throws in the seat and from the step on that it was asked for, nowhere else', () => {
    const faults = [{ seat: 1, step: 3, kind: 'throw' as const }];
    for (const [seat, step] of [
      [0, 3],
      [1, 2],
      [2, 9],
    ]) {
      expect(() => injectFaults(faults, seat, step)).not.toThrow();
    }
    for (const step of [3, 4]) expect(() => injectFaults(faults, 1, step)).toThrow('a fault was asked for');
  });

  it('is slow at least as long as it is told', () => {
    const start = performance.now();
    injectFaults([{ seat: 0, step: 0, kind: 'slow', ms: 3 }], 0, 0);
    expect(performance.now() - start).toBeGreaterThanOrEqual(3);
  });

  it('does nothing without faults', () => {
    expect(() => injectFaults([], 0, 0)).not.toThrow();
  });
});
