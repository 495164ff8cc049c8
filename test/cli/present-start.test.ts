import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import {
  presentBatch,
  presentCeiling,
  presentHeader,
  presentIdleWorkers,
  presentStart,
  presentWorkers,
} from '#src/cli/present-start.js';
import { planParallelism } from '#src/experiment/parallelism.js';
import { START } from './events-fixture.ts';

const PAGE_80 = { ...PLAIN_PAGE, columns: 80 };

function startWith(workers: number, shards: number) {
  return { ...START, workers, shards, parallelism: planParallelism(shards, workers, START.batchSize) };
}

describe('presentStart', () => {
  it('shows header, model, memory, arithmetic and the run folder', () => {
    expect(presentStart(START, PLAIN_PAGE)).toBe(
      `lockstep 0.1.0 · node 20.20.2 · 2 cores · fast (openblas 0.3.21, wasm simd) · 2 workers × 8 shards
parallelism ceiling: 2 × one worker (100 % of 2 workers)

layer   kind        output  parameters
dense1  dense relu     512     401,920
dense2  dense           10       5,130
total                          407,050

memory       allocated     in use
weights       10.0 MiB   10.0 MiB
slots         26.0 MiB   16.0 MiB
shared part   36.0 MiB   26.0 MiB
node          80.0 MiB   80.0 MiB
total        116.0 MiB  106.0 MiB

54,000 samples to train · 6,000 to validate · 10,000 to test
512 samples a step = 8 shards × 64 · micro-batch 64 · 106 steps an epoch, last one of 240 · 10 epochs, 1,060 steps
run folder runs/mnist-mlp-2`,
    );
  });

  it('keeps every line within 80 columns on a narrow terminal', () => {
    const lines = presentStart(startWith(12, 8), PAGE_80).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.slice(0, 2)).toEqual([
      'lockstep 0.1.0 · node 20.20.2 · 2 cores · fast (openblas 0.3.21, wasm simd)',
      '  12 workers × 8 shards',
    ]);
  });

  it('leaves out the middle of very many layers, and says how many', () => {
    const layers = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...START.layers[0], name: `layer${i + 1}` }));
    const namesOf = (count: number) =>
      presentStart({ ...START, layers: layers(count) }, PLAIN_PAGE)
        .split('\n')
        .filter((line) => /^(layer\d|…)/.test(line))
        .map((line) => line.split('  ')[0]);
    expect(namesOf(51)).toEqual(layers(51).map(({ name }) => name));
    const names = layers(1052).map(({ name }) => name);
    expect(namesOf(1052)).toEqual([...names.slice(0, 40), '… 1,002 more', ...names.slice(-10)]);
  });

  it('says that a dry run has no run folder', () => {
    expect(presentStart({ ...START, runFolder: null }, PLAIN_PAGE)).toMatch(/\nrun folder none$/);
  });

  it('writes one core, worker and shard in the singular', () => {
    expect(presentHeader({ ...startWith(1, 1), cores: 1 }, PLAIN_PAGE)).toBe(
      'lockstep 0.1.0 · node 20.20.2 · 1 core · fast (openblas 0.3.21, wasm simd) · 1 worker × 1 shard',
    );
  });
});

describe('presentWorkers', () => {
  it('says what was chosen and what was measured, or why nothing was', () => {
    const measured = [
      { workers: 1, stepMs: 0.0171 },
      { workers: 2, stepMs: 0.0242 },
    ];
    expect(presentWorkers({ type: 'workers', workers: 1, of: 2, measured }, PLAIN_PAGE)).toBe(
      'workers auto → 1 of 2 (measured 0.017 ms a step with 1, 0.024 with 2)',
    );
    const event = { type: 'workers', workers: 2, of: 2, measured: [], reason: 'steps are too long' } as const;
    expect(presentWorkers({ ...event, measured: [] }, PLAIN_PAGE)).toBe(
      'workers auto → 2 of 2 (not measured: steps are too long)',
    );
  });

  it('follows a header that says how many there may be', () => {
    expect(presentHeader({ ...START, isWorkersAuto: true }, PLAIN_PAGE)).toMatch(/ · up to 2 workers × 8 shards$/);
  });
});

// 8 shards on 3 workers take ⌈8/3⌉ = 3 turns: 8/3 = 2.67 times one worker, 8/9 = 88.9 % of three.
describe('presentCeiling', () => {
  it('names the number of shards that would lift a ceiling below 0.9', () => {
    expect(presentCeiling(startWith(3, 8), PLAIN_PAGE)).toBe(
      'parallelism ceiling: 2.67 × one worker (88 % of 3 workers); shards=9 would lift it, with other bits',
    );
  });

  it('leaves the advice to the warning where workers stay idle', () => {
    const start = startWith(12, 8);
    expect(presentCeiling(start, PLAIN_PAGE)).toBe('parallelism ceiling: 8 × one worker (66 % of 12 workers)');
    expect(presentIdleWorkers(start, PLAIN_PAGE)).toBe(
      'warning: 12 workers for 8 shards: 4 workers stay idle; set workers=8 or fewer, or shards=12 (with other bits)',
    );
  });

  it('does not offer more shards than a step has samples', () => {
    const start = { ...START, workers: 9, shards: 8, batchSize: 8, parallelism: planParallelism(8, 9, 8) };
    expect(presentIdleWorkers(start, PLAIN_PAGE)).toBe(
      'warning: 9 workers for 8 shards: 1 worker stays idle; set workers=8 or fewer',
    );
  });

  it('warns of nothing where every worker has a shard', () => {
    expect(presentIdleWorkers(startWith(8, 8), PLAIN_PAGE)).toBeNull();
  });
});

describe('presentBatch', () => {
  it('says which shards have one sample more', () => {
    expect(
      presentBatch({ ...START, batchSize: 100, microBatch: 13, stepsPerEpoch: 540, steps: 5400 }, PLAIN_PAGE),
    ).toBe(
      '100 samples a step = 4 shards × 13 + 4 shards × 12 · micro-batch 13 · 540 steps an epoch · 10 epochs, 5,400 steps',
    );
  });

  it('says how many shards are empty, and leaves out the epochs of a run that is given in steps', () => {
    const start = { ...START, batchSize: 5, microBatch: 1, stepsPerEpoch: 10_800, epochs: null, steps: 200 };
    expect(presentBatch(start, PLAIN_PAGE)).toBe(
      '5 samples a step = 5 shards × 1 + 3 empty · micro-batch 1 · 10,800 steps an epoch · 200 steps',
    );
  });
});
