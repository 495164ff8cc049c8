// Every format that lockstep reads, checkpoints apart (test/checkpoint/damaged.test.ts): damaged and hostile files give one clear error, or
// values of the declared type and shape; nothing crashes, hangs, or allocates what a header merely promises.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { float32Values, readSafetensors, readSafetensorsFile, safetensorsParts } from '#src/checkpoint/safetensors.js';
import { loadConfig } from '#src/config/load-config.js';
import { openCsv } from '#src/data/csv.js';
import { openIdxSource } from '#src/data/idx.js';
import type { Source } from '#src/data/source.js';
import { readLedger, readLedgerHeader } from '#src/experiment/ledger.js';
import { CASES, expectErrorOrValue, tryDamages } from './damage.ts';

const LIMIT_MS = 60_000 + CASES * 60;
const folder = mkdtempSync(join(tmpdir(), 'lockstep-damage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A reader of bytes from a reader of files. */
const fromFile =
  <T>(name: string, read: (path: string) => T) =>
  (bytes: Uint8Array): T => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return read(path);
  };
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Opens and fills, as a run does; what was filled must be as large as was declared. */
function readSource(source: Source) {
  const samples = source.splitSamples + source.testSamples;
  const elements = source.input.shape.reduce((product, size) => product * size, samples);
  expect(elements).toBeLessThan(1 << 24);
  const inputs = source.input.storage === 'u8' ? new Uint8Array(elements) : new Float32Array(elements);
  const { target } = source;
  const perSample = (target.shape ?? []).reduce((product, size) => product * size, 1);
  const Targets = { u8: Uint8Array, i32: Int32Array, f32: Float32Array }[target.storage];
  const targets = new Targets(samples * perSample);
  source.fit?.(Uint32Array.from({ length: samples }, (_, id) => id));
  source.fill(inputs, targets);
  return { source, inputs, targets };
}

function checkSource({ source, inputs, targets }: ReturnType<typeof readSource>): void {
  expect(inputs.every((value) => Number.isFinite(value))).toBe(true);
  const { target } = source;
  if (target.kind === 'class') expect(targets.every((label) => label >= 0 && label < target.classes)).toBe(true);
  else expect(targets.every((value) => Number.isFinite(value))).toBe(true);
}

const csv = encode(
  `a,"b ""x""",label\n${Array.from({ length: 20 }, (_, i) => `${i * 0.5},-1e-${i},${['cat', 'dog'][i % 2]}`).join('\n')}\n`,
);
const csvOptions = {
  target: 2,
  header: 'auto',
  ignore: [],
  task: 'auto',
  delimiter: ',',
  missing: 'error',
  indicator: false,
  standardize: false,
  standardizeTarget: false,
  onBadSample: 'error',
} as const;
const readCsv = fromFile('damaged.csv', (path) => readSource(openCsv(path, { ...csvOptions })));

/** Two zero bytes, the type, the dimensions, the elements. */
function idxBytes(dimensions: number[]): Uint8Array {
  const elements = dimensions.reduce((product, size) => product * size, 1);
  const bytes = new Uint8Array(4 + 4 * dimensions.length + elements);
  bytes.set([0, 0, 8, dimensions.length]);
  for (const [i, size] of dimensions.entries()) new DataView(bytes.buffer).setUint32(4 + 4 * i, size);
  for (let i = 0; i < elements; i++) bytes[4 + 4 * dimensions.length + i] = i % 3;
  return bytes;
}
const labelsPath = join(folder, 'good-labels');
const imagesPath = join(folder, 'good-images');
writeFileSync(labelsPath, idxBytes([6]));
writeFileSync(imagesPath, idxBytes([6, 4, 5]));
const openIdx = (images: string, labels: string) =>
  readSource(openIdxSource({ images, labels }, { name: 'idx', divisor: 255 }));
const readImages = fromFile('damaged-images', (path) => openIdx(path, labelsPath));
const readLabels = fromFile('damaged-labels', (path) => openIdx(imagesPath, path));

const tensors = [
  { name: 'dense1.weight', shape: [3, 4], values: Float32Array.from({ length: 12 }, (_, i) => i / 7) },
  { name: 'dense1.bias', shape: [4], values: new Float32Array(4) },
];
const safetensors = Buffer.concat(safetensorsParts(tensors, { step: '3' }));

const yaml = encode(`name: damaged
data: { source: synthetic, samples: 100, features: [3, 4], classes: 3, batchSize: 8 }
model:
  - &layer { dense: 16, activation: relu }
  - *layer
  - { dense: 3 }
loss: { name: crossEntropy, classWeights: [1, 2, 0.5] }
optimizer: { name: adam, lr: 1e-3 } # a comment
epochs: 2
`);
const readConfig = fromFile('damaged.yaml', (path) => loadConfig(path).config);

const ledger = encode(
  `{"ledger":1,"version":"0","configSha256":"${'0'.repeat(64)}","planSha256":"${'1'.repeat(64)}","datasetSha256":"${'2'.repeat(64)}","backend":"wasm-simd","everySteps":1}\n${[0, 1, 2].map((step) => `{"step":${step},"loss":${step / 3},"gradient":"0123456789abcdef","weights":null}\n`).join('')}`,
);
const readWholeLedger = fromFile('damaged.jsonl', (path) => ({
  header: readLedgerHeader(path),
  rows: [...readLedger(path)],
}));

describe('any damage', () => {
  it('to a CSV file, plain or gzip', { timeout: LIMIT_MS }, () =>
    tryDamages([csv, gzipSync(csv)], readCsv, checkSource),
  );
  it('to an IDX file of images, plain or gzip', { timeout: LIMIT_MS }, () => {
    const images = idxBytes([6, 4, 5]);
    tryDamages([images, gzipSync(images)], readImages, checkSource);
  });
  it('to an IDX file of labels, plain or gzip', { timeout: LIMIT_MS }, () => {
    const labels = idxBytes([6]);
    tryDamages([labels, gzipSync(labels)], readLabels, checkSource);
  });
  it('to a safetensors file', { timeout: LIMIT_MS }, () =>
    tryDamages([safetensors], fromFile('damaged.safetensors', readSafetensorsFile), ({ tensors: read }) => {
      for (const tensor of read.values()) {
        if (tensor.dtype !== 'F32') continue;
        expect(float32Values(tensor)).toHaveLength(tensor.shape.reduce((product, size) => product * size, 1));
      }
    }),
  );
  it('to a config', { timeout: LIMIT_MS }, () =>
    tryDamages([yaml], readConfig, (config) => {
      expect(Object.isFrozen(config)).toBe(true);
      expect(typeof config.seed).toBe('number');
      expect(Object.getPrototypeOf(config.data)).toBe(Object.prototype);
    }),
  );
  it('to a ledger', { timeout: LIMIT_MS }, () =>
    tryDamages([ledger], readWholeLedger, ({ rows }) => {
      for (const { step, gradient } of rows) {
        expect(Number.isSafeInteger(step)).toBe(true);
        expect(gradient === null || gradient.length === 16).toBe(true);
      }
    }),
  );
});

/** It is refused, and soon. */
function expectRefused(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown, message: RegExp): void {
  expectErrorOrValue(bytes, read, () => expect.fail('expected a refusal, got a value'));
  expect(() => read(bytes)).toThrow(message);
}

describe('a file that was made to harm', () => {
  const zeros = gzipSync(Buffer.alloc(1 << 28));

  it('a gzip bomb of a CSV is not unpacked beyond 64 MiB', { timeout: LIMIT_MS }, () =>
    expectRefused(
      zeros,
      readCsv,
      /expected a whole gzip file of at most 64 MiB of text, got Cannot create a Buffer larger/,
    ),
  );

  it('a gzip bomb behind the header of a small IDX file is not unpacked beyond the size that it declares', () => {
    const bomb = gzipSync(Buffer.concat([idxBytes([6, 4, 5]), Buffer.alloc(1 << 28)]));
    expectRefused(bomb, readImages, /expected 136 decompressed bytes .*, got more/);
  });

  it('nothing is allocated for the 4 GiB that an IDX header declares', () => {
    const header = idxBytes([1, 1, 1]).slice(0, 16);
    const view = new DataView(header.buffer);
    for (const [i, size] of [65_535, 65_535, 1].entries()) view.setUint32(4 + 4 * i, size);
    expectRefused(header, readImages, /expected 4294836241 bytes .*, got 16 \(truncated\)/);
    expectRefused(gzipSync(header), readImages, /which hold far fewer/);
  });

  it('nothing is allocated for the 2^62 bytes that a safetensors header declares', () => {
    const bytes = Buffer.from(safetensors);
    bytes.writeBigUInt64LE(2n ** 62n, 0);
    expectRefused(bytes, readSafetensors, /expected a header of at most \d+ bytes/);
    const text = '{"a":{"dtype":"F32","shape":[1073741824,1073741824],"data_offsets":[0,4611686018427387904]}}';
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(text.length), 0);
    expectRefused(Buffer.concat([head, encode(text)]), readSafetensors, /expected/);
  });

  it.each([
    ['lists', `a: ${'['.repeat(20_000)}`],
    ['mappings', `a: ${'{b: '.repeat(20_000)}`],
    ['dashes', '- '.repeat(20_000)],
    [
      'an alias bomb',
      Array.from({ length: 30 }, (_, i) =>
        i === 0 ? 'a0: &a0 [x]' : `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`,
      ).join('\n'),
    ],
    ['an anchor that holds itself', 'a: &a [*a]'],
    ['200,000 aliases of one anchor', `a: &a x\nb: [${'*a,'.repeat(200_000)}]`],
  ])('a config of %s is refused', { timeout: LIMIT_MS }, (_, text) =>
    expectRefused(encode(text), readConfig, /expected (YAML|at most 20000 values)/),
  );

  it('a mapping key of __proto__, constructor or prototype is an unknown key and changes no prototype', () => {
    const text = (key: string, value: string) =>
      encode(
        `data: { source: digits, ${key}: ${value} }\nmodel: [{ dense: 10 }]\nloss: crossEntropy\n${key}: ${value}\n`,
      );
    for (const key of ['__proto__', 'constructor', 'prototype', '"__proto__"', '? __proto__\n']) {
      if (!key.startsWith('?'))
        expectRefused(text(key, '{ seed: 7, isAdmin: true }'), readConfig, /expected a known key, got/);
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(() => loadConfig(join(folder, 'damaged.yaml'), ['__proto__.isAdmin=true'])).toThrow(/expected/);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('a ledger row of __proto__ sets nothing', () => {
    const lines = new TextDecoder().decode(ledger).split('\n');
    lines[1] = lines[1].replace('{', '{"__proto__":{"isAdmin":true},');
    const { rows } = readWholeLedger(encode(lines.join('\n')));
    expect(rows[0]).toEqual({ step: 0, loss: 0, gradient: '0123456789abcdef', weights: null });
    expect((rows[0] as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it.each(['../out', '..', '.', 'a/b', '/tmp/out', 'a\\b/c', 'nul\\0/../..'])(
    'a run named %j is refused: it would leave the folder of runs',
    (name) => {
      const text = `name: ${JSON.stringify(name)}\ndata: { source: digits }\nmodel: [{ dense: 10 }]\nloss: crossEntropy\n`;
      expectRefused(encode(text), readConfig, /name: expected a name of letters/);
    },
  );

  it.each(['folder', '/dev/zero', '/dev/stdin'])(
    'a data file that is no regular file (%s) is refused, not read without end',
    (name) => {
      const path = name === 'folder' ? folder : name;
      expect(() => openCsv(path, { ...csvOptions })).toThrow(/expected a CSV file, got (a directory|no regular file)/);
      expect(() => openIdx(path, labelsPath)).toThrow(/expected an IDX file, got (a directory|no regular file)/);
    },
  );
});
