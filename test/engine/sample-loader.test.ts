// The loader against a consumer that is as slow as can be: what it overwrites is not needed any more, and it never waits for what waits for it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { stepBatch } from '#src/data/sampler.js';
import { ShardWriter } from '#src/data/shard-writer.js';
import { currentWord32, publishWord32 } from '#src/engine/atomics.js';
import { ctlWord, initializeWords, PHASE } from '#src/engine/protocol-words.js';
import { SampleLoader } from '#src/engine/sample-loader.js';
import { attachViews } from '#src/engine/shared-views.js';
import { type PreparedRun, prepareRun } from '#src/experiment/prepare.js';
import { parseConfig } from '#src/index.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-loader-'));
afterAll(() => rmSync(root, { recursive: true }));
const FEATURES = 3;

/** Sample i's inputs are 10 i, 10 i + 1, 10 i + 2, its label is i mod 5. */
function writeSet(name: string, samples: number, samplesPerFile: number): string {
  const dir = mkdtempSync(join(root, name));
  const spec = {
    input: { type: '<f4', shape: [FEATURES] },
    target: { type: '|u1', shape: [] },
    samplesPerFile,
  } as const;
  const writer = new ShardWriter(dir, spec);
  const inputs = Float32Array.from(
    { length: samples * FEATURES },
    (_, i) => 10 * Math.floor(i / FEATURES) + (i % FEATURES),
  );
  writer.write(
    inputs,
    Uint8Array.from({ length: samples }, (_, i) => i % 5),
    samples,
  );
  writer.close();
  return dir;
}

function prepare(dir: string, data: Record<string, unknown>): PreparedRun {
  const config = parseConfig({
    data: { source: 'shards', dir, classes: 5, ...data },
    shards: 2,
    workers: 1,
    numerics: 'portable',
    model: [{ dense: 5 }],
    loss: 'crossEntropy',
    epochs: 4,
  });
  return prepareRun(config, { baseDir: '/' });
}

/**
 * Runs the loader up to `steps`. Steps are committed only where it would wait for one else; what a step has is looked at just before.
 * @returns the ids of each step
 */
function consume({ map, dataset, training }: PreparedRun, steps: number, firstStep = 0): number[][] {
  const pages = map.byteLength / 65_536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { words } = map;
  const views = attachViews(memory, map);
  initializeWords(words, views.words64, views.words32, firstStep);
  let committed = firstStep;
  const seen: number[][] = [];
  const look = (): void => {
    const { count } = stepBatch(training.sampler, committed);
    const at = map.orders + (committed % map.orderCount) * map.orderBytes;
    const ids = new Uint32Array(memory.buffer, at, count);
    const places = new Uint32Array(memory.buffer, at + map.stream!.placesOffset, count);
    const inputs = new Float32Array(memory.buffer, map.inputs);
    const targets = new Uint8Array(memory.buffer, map.targets);
    for (const [i, id] of ids.entries()) {
      expect(inputs.slice(places[i] * FEATURES, (places[i] + 1) * FEATURES)).toEqual(
        Float32Array.of(10 * id, 10 * id + 1, 10 * id + 2),
      );
      expect(targets[places[i]]).toBe(id % 5);
    }
    seen.push([...ids]);
    committed++;
    views.words64[words.ctl] = ctlWord(committed, PHASE.shards);
  };
  const loader = new SampleLoader({ memory, map, stream: dataset.stream!, sampler: training.sampler }, () => {
    if (currentWord32(views.words32, words.samplesReady) <= committed) throw new Error(`step ${committed} never comes`);
    look();
  });
  while (currentWord32(views.words32, words.samplesReady) < steps) loader.loadNext();
  while (committed < steps) look();
  return seen.slice(0, steps - firstStep);
}

const settings = fc.record({
  samples: fc.integer({ min: 1, max: 60 }),
  samplesPerFile: fc.integer({ min: 1, max: 30 }),
  block: fc.integer({ min: 1, max: 8 }),
  window: fc.integer({ min: 1, max: 5 }),
  batchSize: fc.integer({ min: 1, max: 70 }),
  prefetch: fc.integer({ min: 1, max: 3 }),
  shuffle: fc.boolean(),
});

describe('the loader', () => {
  it('gives every step its samples, each once an epoch, and overwrites none that a step still needs', () => {
    fc.assert(
      fc.property(settings, ({ samples, samplesPerFile, ...data }) => {
        const run = prepare(writeSet('any', samples, samplesPerFile), data);
        const seen = consume(run, 3 * run.stepsPerEpoch);
        for (let epoch = 0; epoch < 3; epoch++) {
          const ids = seen.slice(epoch * run.stepsPerEpoch, (epoch + 1) * run.stepsPerEpoch).flat();
          expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: samples }, (_, id) => id));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same order from any step on, whatever is read ahead', () => {
    const dir = writeSet('resume', 50, 21);
    const data = { block: 4, window: 3, batchSize: 7 };
    const whole = consume(prepare(dir, data), 24);
    for (const first of [1, 4, 7, 8, 13, 23]) {
      expect(consume(prepare(dir, { ...data, prefetch: 1 + (first % 4) }), 24, first)).toEqual(whole.slice(first));
    }
    expect(consume(prepare(dir, { ...data, window: 4 }), 24)).not.toEqual(whole);
  });

  it('keeps the samples of committed steps where a replay says so', () => {
    const run = prepare(writeSet('keep', 40, 40), { block: 4, window: 2, batchSize: 8 });
    const { map } = run;
    const pages = map.byteLength / 65_536;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const views = attachViews(memory, map);
    initializeWords(map.words, views.words64, views.words32, 0);
    const spec = { memory, map, stream: run.dataset.stream!, sampler: run.training.sampler };
    const loader = new SampleLoader(spec, () => {
      throw new Error('full');
    });
    const loadAll = (): number => {
      expect(() => {
        for (;;) loader.loadNext();
      }).toThrow('full');
      return currentWord32(views.words32, map.words.samplesReady);
    };
    // 8 samples a window and a step: as many steps as windows are ready, and one more for each that may go.
    const { windows } = map.stream!;
    expect(loadAll()).toBe(windows);
    publishWord32(views.words32, map.words.samplesKept, 2);
    views.words64[map.words.ctl] = ctlWord(30, PHASE.shards);
    expect(loadAll()).toBe(windows + 2);
    publishWord32(views.words32, map.words.samplesKept, 9);
    expect(loadAll()).toBe(windows + 9);
  });
});
