// Every format that lockstep reads, checkpoints apart (test/checkpoint/damaged.test.ts): damaged and hostile files give one clear error, or
// values of the declared type and shape; nothing crashes, hangs, or allocates what a header merely promises.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { float32Values, readSafetensors, readSafetensorsFile, safetensorsParts } from '#src/checkpoint/safetensors.js';
import { loadConfig } from '#src/config/load-config.js';
import { openArrays } from '#src/data/array-source.js';
import { openArrow } from '#src/data/arrow.js';
import { openCsv } from '#src/data/csv.js';
import { openIdxSource } from '#src/data/idx.js';
import { openJsonl } from '#src/data/jsonl.js';
import { openNpy, openNpz } from '#src/data/npy-file.js';
import type { Source } from '#src/data/source.js';
import { openTokenizer } from '#src/data/tokenizer.js';
import { readLedger, readLedgerHeader } from '#src/experiment/ledger.js';
import { npyBytes } from '../data/npy-bytes.ts';
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
  const Inputs = { u8: Uint8Array, i32: Int32Array, f32: Float32Array }[source.input.storage];
  const inputs = new Inputs(elements);
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

const jsonl = encode(
  Array.from(
    { length: 20 },
    (_, i) => `{"a":${i * 0.5},"b":{"c":[-1e-${i},null]},"label":"${['cat', 'dog'][i % 2]}"}\n`,
  ).join(''),
);
const { delimiter: _, header: __, ...tableOptions } = { ...csvOptions, missing: 0, target: 'label' };
const readJsonl = (onBadSample: 'error' | 'skip') =>
  fromFile('damaged.jsonl', (path) => readSource(openJsonl(path, { ...tableOptions, onBadSample })));

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

const arrayFixture = JSON.parse(readFileSync('test/fixtures/arrays.json', 'utf8')) as {
  good: { name: string; file: string }[];
  archives: { files: Record<string, string> };
};
const arrays = arrayFixture.good
  .filter(({ name }) => /^[uif]\d/.test(name))
  .map(({ file }) => Buffer.from(file, 'base64'));
const archives = Object.values(arrayFixture.archives.files).map((file) => Buffer.from(file, 'base64'));
const arrayOptions = { divisor: 1, task: 'auto' } as const;
const goodLabels = join(folder, 'good-labels.npy');
writeFileSync(goodLabels, npyBytes('<i4', [4], Int32Array.of(0, 1, 2, 0)));
const readNpyInputs = fromFile('damaged.npy', (path) =>
  readSource(openArrays('npy', [{ inputs: openNpy(path), targets: openNpy(goodLabels) }], arrayOptions)),
);
const readNpyTargets = fromFile('damaged-targets.npy', (path) =>
  readSource(openArrays('npy', [{ inputs: openNpy(goodLabels), targets: openNpy(path) }], arrayOptions)),
);
const readNpz = fromFile('damaged.npz', (path) => {
  const [inputs, targets] = openNpz(path, ['x', 'y']);
  return readSource(openArrays('npz', [{ inputs, targets }], arrayOptions));
});

const arrowFixture = JSON.parse(readFileSync('test/fixtures/arrow.json', 'utf8')) as Record<'file' | 'stream', string>;
const arrowFiles = [arrowFixture.file, arrowFixture.stream].map((file) => Buffer.from(file, 'base64'));
const readArrow = fromFile('damaged.arrow', (path) =>
  readSource(openArrow(path, { ...tableOptions, ignore: ['list'], missing: 'mean' })),
);

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
  it('to a file of JSON lines, plain or gzip', { timeout: LIMIT_MS }, () => {
    tryDamages([jsonl, gzipSync(jsonl)], readJsonl('error'), checkSource);
    tryDamages([jsonl], readJsonl('skip'), checkSource);
  });
  it('to an IDX file of images, plain or gzip', { timeout: LIMIT_MS }, () => {
    const images = idxBytes([6, 4, 5]);
    tryDamages([images, gzipSync(images)], readImages, checkSource);
  });
  it('to an IDX file of labels, plain or gzip', { timeout: LIMIT_MS }, () => {
    const labels = idxBytes([6]);
    tryDamages([labels, gzipSync(labels)], readLabels, checkSource);
  });
  it('to a .npy file of inputs', { timeout: LIMIT_MS }, () => tryDamages(arrays, readNpyInputs, checkSource));
  it('to a .npy file of targets', { timeout: LIMIT_MS }, () => {
    const labels = npyBytes('<i4', [4], Int32Array.of(0, 1, 2, 0));
    tryDamages([labels, npyBytes('<f8', [4], Float64Array.of(0, 1, 2.5, 0))], readNpyTargets, checkSource);
  });
  it('to a .npz file, stored or deflated', { timeout: LIMIT_MS }, () => tryDamages(archives, readNpz, checkSource));
  it('to an Arrow file or stream', { timeout: LIMIT_MS }, () => tryDamages(arrowFiles, readArrow, checkSource));
  it('to a tokenizer.json', { timeout: LIMIT_MS }, () => {
    const read = fromFile('damaged-tokenizer.json', (path) => {
      const tokenizer = openTokenizer(path);
      return { size: tokenizer.size, ids: tokenizer.encode('Call me Ishmael. naïve <|endoftext|> 1851') };
    });
    tryDamages([readFileSync('test/fixtures/tokenizer.json')], read, ({ size, ids }) => {
      expect(ids.every((id) => id >= 0 && id < size)).toBe(true);
    });
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

  it('nothing is allocated for the terabytes that arrays promise', () => {
    const shape = "{'descr': '|u1', 'fortran_order': False, 'shape': (65536, 65536)}";
    const array = npyBytes('|u1', [1], new Uint8Array(1), shape);
    expectRefused(array, readNpyInputs, /expected 4294967424 bytes for shape \(65536, 65536\), got 129 \(truncated\)/);
    const archive = Buffer.from(archives[1]);
    // The size of the first member, in the directory.
    archive.writeUInt32LE(0xffff_fff0, archive.indexOf('PK\x01\x02') + 24);
    expectRefused(archive, readNpz, /expected 4294967280 bytes, got \d+ compressed ones, which hold far fewer/);
  });

  it('a bomb in a .npz file is not unpacked beyond the size that it declares', () => {
    const array = npyBytes('|u1', [(1 << 20) - 128], new Uint8Array(1 << 28));
    const deflated = deflateRawSync(array);
    const name = 'x.npy';
    const sizes = (at: number, into: Buffer) => {
      into.writeUInt32LE(deflated.length, at);
      into.writeUInt32LE(1 << 20, at + 4);
    };
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    const member = Buffer.alloc(46);
    member.writeUInt32LE(0x02014b50, 0);
    member.writeUInt16LE(8, 10);
    sizes(20, member);
    member.writeUInt16LE(name.length, 28);
    const start = local.length + name.length + deflated.length;
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt32LE(member.length + name.length, 12);
    end.writeUInt32LE(start, 16);
    const bomb = Buffer.concat([local, encode(name), deflated, member, encode(name), end]);
    const read = fromFile('bomb.npz', (path) => openNpz(path, ['x'])[0].read(new Uint8Array((1 << 20) - 128)));
    expectRefused(bomb, read, /x: expected whole deflated bytes, got Cannot create a Buffer larger than 1048577 bytes/);
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

  it('a JSON line of __proto__ is a column of that name and changes no prototype', () => {
    const line = (i: number) => `{"__proto__":{"isAdmin":${i}},"label":${i % 2}}\n`;
    const { inputs } = readJsonl('error')(encode(line(1) + line(2)));
    expect([...inputs]).toEqual([1, 2]);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('deeply nested JSON is refused', () => {
    const deep = encode(`{"a":${'['.repeat(1 << 20)}`);
    expectRefused(deep, readJsonl('error'), /:1: expected an object in JSON/);
    const whole = encode(`{"a":${'{"b":'.repeat(100_000)}1${'}'.repeat(100_000)}}`);
    expectRefused(whole, readJsonl('error'), /:1: expected (objects within each other|an object in JSON)/);
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
