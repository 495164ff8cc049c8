// Folders of npy pairs: what is opened of which elements, how blocks are split into parts, and what is refused.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataset } from '#src/data/dataset.js';
import { generateShards } from '#src/data/generate.js';
import { formatNpyHeader, type NpyType } from '#src/data/shard-header.js';
import { prepareRun } from '#src/experiment/prepare.js';
import { parseConfig } from '#src/index.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-sharded-'));
afterAll(() => rmSync(root, { recursive: true }));

type Values = Uint8Array | Uint16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
interface Piece {
  type: NpyType;
  shape: number[];
  values: Values;
}

/** Writes pairs of files as numpy.save would. */
function writeSet(...pairs: { inputs: Piece; targets: Piece }[]): string {
  const dir = mkdtempSync(join(root, 'set-'));
  for (const [i, pair] of pairs.entries()) {
    for (const kind of ['inputs', 'targets'] as const) {
      const { type, shape, values } = pair[kind];
      const bytes = new Uint8Array(values.buffer, 0, values.byteLength);
      writeFileSync(join(dir, `${kind}-${i}.npy`), Buffer.concat([formatNpyHeader(type, shape, 128), bytes]));
    }
  }
  return dir;
}

function open(dir: string, keys: Record<string, unknown> = {}, seed = 1) {
  const { data } = parseConfig({
    data: { source: 'shards', dir, ...keys },
    model: [{ dense: 2 }],
    loss: 'crossEntropy',
  });
  return openDataset(data, seed, '/');
}

const floats = (samples: number, features = 2): Piece => ({
  type: '<f4',
  shape: [samples, features],
  values: Float32Array.from({ length: samples * features }, (_, i) => i / 8),
});
const labels = (samples: number, most = 3): Piece => ({
  type: '<i8',
  shape: [samples],
  values: BigInt64Array.from({ length: samples }, (_, i) => BigInt(i % most)),
});

/** All samples that are not trained on, as memory gets them. */
function evaluated(dataset: ReturnType<typeof open>) {
  const { validation, test } = dataset.parts;
  const count = validation.length + test.length;
  const size = dataset.spec.input.shape.reduce((product, n) => product * n, 1);
  const Inputs = { u8: Uint8Array, i32: Int32Array, f32: Float32Array }[dataset.spec.input.storage];
  const Targets = { u8: Uint8Array, i32: Int32Array, f32: Float32Array }[dataset.spec.target.storage];
  const arrays = { inputs: new Inputs(count * size), targets: new Targets(count) };
  dataset.fill(arrays.inputs, arrays.targets);
  return { ids: [...validation, ...test], ...arrays };
}

describe('a folder of npy pairs', () => {
  it('is read whatever the types of its elements', () => {
    const doubles: Piece = { type: '<f8', shape: [12, 2], values: Float64Array.from({ length: 24 }, (_, i) => i / 3) };
    const { ids, inputs, targets } = evaluated(
      open(writeSet({ inputs: doubles, targets: labels(12) }), { block: 2, test: 0.5 }),
    );
    expect(ids.length).toBe(6);
    expect([...inputs]).toEqual(ids.flatMap((id) => [Math.fround((2 * id) / 3), Math.fround((2 * id + 1) / 3)]));
    expect([...targets]).toEqual(ids.map((id) => id % 3));
  });

  it('holds bytes as images, whole numbers as tokens, and floats as values', () => {
    const images: Piece = { type: '|u1', shape: [4, 1, 3, 3], values: new Uint8Array(36) };
    const values: Piece = { type: '<f4', shape: [4, 2], values: new Float32Array(8) };
    const { spec } = open(writeSet({ inputs: images, targets: values }));
    expect(spec).toMatchObject({
      input: { shape: [1, 3, 3], storage: 'u8', divisor: 255 },
      target: { kind: 'values', shape: [2] },
    });
    const tokens: Piece = { type: '<u2', shape: [4, 5], values: new Uint16Array(20) };
    const next: Piece = { type: '<u2', shape: [4, 5], values: Uint16Array.from({ length: 20 }, (_, i) => i) };
    const text = open(writeSet({ inputs: tokens, targets: next }), { vocabulary: 20 });
    expect(text.spec.input).toEqual({ shape: [5], storage: 'i32', divisor: 1, classes: 20 });
    expect(text.spec.target).toEqual({ kind: 'class', storage: 'u8', classes: 20, shape: [5] });
  });

  it('is split by whole blocks, each sample in one part, the same for the same seed', () => {
    const dir = writeSet({ inputs: floats(50), targets: labels(50) }, { inputs: floats(33), targets: labels(33) });
    const settings = fc.record({
      block: fc.integer({ min: 1, max: 8 }),
      validation: fc.constantFrom(0, 0.1, 0.3),
      test: fc.constantFrom(0, 0.2),
    });
    fc.assert(
      fc.property(settings, fc.nat(99), (keys, seed) => {
        const { parts, stream } = open(dir, keys, seed);
        const all = [...parts.train, ...parts.validation, ...parts.test].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: 83 }, (_, id) => id));
        for (const part of ['validation', 'test'] as const) {
          expect(parts[part].length).toBeGreaterThanOrEqual(keys[part] * 83);
          expect(parts[part].length).toBeLessThan(keys[part] * 83 + keys.block);
        }
        expect(open(dir, keys, seed).parts).toEqual(parts);
        // No block reaches over the end of a file.
        const { pair, record, count } = stream!.blocks;
        for (const [b, samples] of count.entries()) expect(record[b] + samples).toBeLessThanOrEqual([50, 33][pair[b]]);
      }),
      { numRuns: 40 },
    );
  });

  it('has a hash that its content changes, and where it lies does not', () => {
    const shaOf = (...pairs: Parameters<typeof writeSet>) => open(writeSet(...pairs)).stream!.sha256;
    const set = { inputs: floats(9), targets: labels(9) };
    expect(shaOf(set)).toBe(shaOf(set));
    const other = floats(9);
    (other.values as Float32Array)[5] += 1;
    const hashes = [shaOf(set), shaOf({ ...set, inputs: other }), shaOf({ ...set, targets: labels(9, 4) })];
    expect(new Set(hashes).size).toBe(3);
  });

  it('takes as much memory as its windows, not as its samples', () => {
    const dir = join(root, 'large');
    generateShards(dir, { bytes: 3e6, features: 16, classes: 3, noise: 1, seed: 1, storage: 'f32' });
    const bytesOf = (window: number): number => {
      const data = { source: 'shards', dir, block: 32, window, prefetch: 2, batchSize: 16 };
      const config = parseConfig({ data, model: [{ dense: 3 }], loss: 'crossEntropy', workers: 1, epochs: 1 });
      return prepareRun(config, { baseDir: '/' }).map.rows.find(({ region }) => region === 'samples')!.allocatedBytes;
    };
    // 2 windows that a step can touch and 2 ahead, of 32-sample blocks of 16 floats and a label.
    expect(bytesOf(8)).toBe(4 * 8 * 32 * (16 * 4 + 1));
    expect(bytesOf(4)).toBe(4 * 4 * 32 * (16 * 4 + 1));
  });

  const pair = { inputs: floats(6), targets: labels(6) };
  it.each<[string, () => string, Record<string, unknown>, RegExp]>([
    [
      'no folder',
      () => join(root, 'none'),
      {},
      /none: expected a folder of npy files, got no such folder; check data\.dir/,
    ],
    [
      'no pairs',
      () => mkdtempSync(join(root, 'empty-')),
      {},
      /expected inputs-00000\.npy, targets-00000\.npy, …, got none of them/,
    ],
    [
      'targets of another number',
      () => writeSet({ ...pair, targets: labels(5) }),
      {},
      /targets-0\.npy: expected 6 targets, .* got 5/,
    ],
    [
      'files of other shapes',
      () => writeSet(pair, { ...pair, inputs: floats(6, 3) }),
      {},
      /inputs-1\.npy: expected <f4 samples of \(2\), .* got <f4 samples of \(3\)/,
    ],
    [
      'a label beyond the classes',
      () => writeSet(pair),
      { classes: 2, block: 2, test: 0.6 },
      /targets-0\.npy: byte \d+: expected a number from 0 to 1, got 2/,
    ],
    [
      'one class alone',
      () => writeSet({ ...pair, targets: labels(6, 1) }),
      {},
      /expected labels of at least 2 classes, got 0 and no other/,
    ],
    [
      'negative labels',
      () => writeSet({ ...pair, targets: { ...labels(6), values: new BigInt64Array(6).fill(-1n) } }),
      {},
      /expected a number from 0 to 2147483647, got -1/,
    ],
    [
      'classes of floats',
      () => writeSet({ inputs: floats(6), targets: floats(6) }),
      { classes: 3 },
      /expected whole numbers, as data\.classes says, got <f4/,
    ],
    [
      'no block to train on',
      () => writeSet(pair),
      { test: 0.5 },
      /^data\.block: expected blocks left to train on, got 1, all of them/,
    ],
  ])('is refused with %s', (_, make, keys, message) => {
    const dir = make();
    expect(() => {
      const dataset = open(dir, keys);
      evaluated(dataset);
    }).toThrow(message);
  });

  it('is refused where a file lacks its other half or its end', () => {
    const dir = writeSet(pair, pair);
    rmSync(join(dir, 'targets-1.npy'));
    expect(() => open(dir)).toThrow(/expected targets-1\.npy beside inputs-1\.npy, got no such file/);
    const cut = writeSet(pair);
    truncateSync(join(cut, 'inputs-0.npy'), 150);
    expect(() => open(cut)).toThrow(/inputs-0\.npy: expected 176 bytes for the shape \(6, 2\), got 150 \(truncated\)/);
  });
});
