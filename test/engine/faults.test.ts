import { beforeEach, describe, expect, it } from 'vitest';
import { heapMbFor, planFaults } from '#src/engine/fault-plan.js';
import { type Fault, FaultInjector, forgetEarlierFaults, hasHappened } from '#src/engine/faults.js';
import type { WorkerFaultConfig } from '#src/engine/faults.schema.js';
import { SEAT_CELLS } from '#src/engine/memory-map.js';
import { faultsSchema } from '#src/experiment/faults.schema.js';
import { openBench } from './small-samples.ts';

let bench: ReturnType<typeof openBench>;
beforeEach(() => {
  bench = openBench({ seats: 3 });
});

const injector = (faults: readonly Fault[], seat: number): FaultInjector =>
  new FaultInjector(faults, seat, bench.views, bench.map.words);

describe('FaultInjector', () => {
  it('throws in the seat, phase, moment and unit and from the step on that it was asked for, nowhere else', () => {
    const faults: Fault[] = [{ seat: 1, step: 3, kind: 'throw', phase: 'update', index: 2, moment: 'end' }];
    const elsewhere = [
      [0, 'update', 'end', 3, 2],
      [1, 'norm', 'end', 3, 2],
      [1, 'update', 'begin', 3, 2],
      [1, 'update', 'end', 2, 2],
      [1, 'update', 'end', 3, 1],
    ] as const;
    for (const [seat, phase, moment, step, index] of elsewhere) {
      expect(() => injector(faults, seat).reach(phase, moment, step, index)).not.toThrow();
    }
    expect(() => injector(faults, 1).reach('update', 'end', 4, 2)).toThrow('a fault was asked for');
  });

  it('happens once a run, whoever takes the seat over, and once for a fault of any seat', () => {
    const faults: Fault[] = [
      { seat: 1, step: 3, kind: 'throw' },
      { step: 5, kind: 'trap', phase: 'norm' },
    ];
    expect(() => injector(faults, 1).reach('shards', 'begin', 3, 0)).toThrow();
    expect(() => injector(faults, 1).reach('shards', 'begin', 3, 0)).not.toThrow();
    expect(() => injector(faults, 0).reach('norm', 'begin', 6, 0)).toThrow('unreachable');
    expect(() => injector(faults, 2).reach('norm', 'begin', 6, 0)).not.toThrow();
    expect([0, 1].map((number) => hasHappened(number, bench.views.words32, bench.map.words))).toEqual([true, true]);
  });

  it('is slow at least as long as it is told, each time', () => {
    const slow = injector([{ seat: 0, step: 0, kind: 'slow', ms: 3 }], 0);
    for (let shard = 0; shard < 2; shard++) {
      const start = performance.now();
      slow.reach('shards', 'begin', shard, shard);
      expect(performance.now() - start).toBeGreaterThanOrEqual(3);
    }
  });

  it('asks the coordinator for a kill and works on', () => {
    injector([{ seat: 2, step: 0, kind: 'kill' }], 2).reach('shards', 'begin', 0, 0);
    expect(bench.views.seatCells(2)[SEAT_CELLS.killAsked]).toBe(1);
  });

  it('does not happen in a run that goes on behind it', () => {
    const faults: Fault[] = [
      { step: 3, kind: 'throw' },
      { step: 9, kind: 'trap' },
    ];
    forgetEarlierFaults(faults, 9, bench.views.words32, bench.map.words);
    expect(() => injector(faults, 0).reach('shards', 'begin', 9, 0)).toThrow('unreachable');
    expect(() => injector(faults, 0).reach('shards', 'begin', 9, 0)).not.toThrow();
  });
});

describe('planFaults', () => {
  const bounds = { workers: 3, steps: 40, hasNorm: true };
  const plan = (faults: unknown, within = bounds): Fault[] =>
    planFaults(faultsSchema.parse(faults) as WorkerFaultConfig[], within);

  it('keeps what is said', () => {
    expect(plan([{ kind: 'hang', worker: 2, step: 7, shard: 3, moment: 'middle', ms: 4 }])).toEqual([
      { kind: 'hang', seat: 2, step: 7, phase: 'shards', index: 3, moment: 'middle', ms: 4 },
    ]);
    expect(plan([{ kind: 'trap', worker: 'any', step: 0, range: 1, moment: 'end' }])).toEqual([
      { kind: 'trap', step: 0, phase: 'update', index: 1, moment: 'end', ms: 10 },
    ]);
  });

  it('draws the rest from the seed: alike for one seed, within the bounds, all of it', () => {
    const asked = [{ kind: 'any', count: 300, seed: 9 }];
    const drawn = plan(asked);
    expect(plan(asked)).toEqual(drawn);
    expect(plan([{ kind: 'any', count: 300, seed: 10 }])).not.toEqual(drawn);
    const values = (key: keyof Fault): unknown[] => [...new Set(drawn.map((fault) => fault[key]))].sort();
    expect(values('seat')).toEqual([0, 1, 2]);
    expect(values('kind')).toEqual(['exit', 'hang', 'kill', 'outOfMemory', 'throw', 'trap']);
    expect(values('phase')).toEqual(['gate', 'norm', 'shards', 'update']);
    expect(values('moment')).toEqual(['begin', 'end', 'middle']);
    expect(values('step').length).toBe(40);
    for (const { phase, moment } of drawn) if (moment === 'middle') expect(phase).toBe('shards');
  });

  it('draws the same kinds within any bounds: the heap of the threads is set before the length is known', () => {
    const asked = [{ kind: 'any', count: 50, seed: 3 }];
    const kinds = (faults: readonly Fault[]): string[] => faults.map(({ kind }) => kind);
    expect(kinds(plan(asked, { workers: 1, steps: 1, hasNorm: false }))).toEqual(kinds(plan(asked)));
    expect(heapMbFor(plan(asked))).toBeGreaterThan(0);
    expect(heapMbFor(plan([{ kind: 'exit' }]))).toBeUndefined();
  });
});
