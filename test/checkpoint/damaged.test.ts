// Checkpoint files that are not whole or were made to harm: each is refused with one clear error, and nothing large is allocated for it.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkMessagePack, unpackBounded } from '#src/checkpoint/bounded-unpack.js';
import { loadCheckpoint } from '#src/checkpoint/checkpoint.js';
import { CheckpointError, Container, encodeTable } from '#src/checkpoint/container.js';
import { packr, savedPackr } from '#src/plan/pack.js';
import { CASES as CASES_A_FORMAT, damage } from '../damage/damage.ts';
import { saveRun } from './saved-run.ts';

/** Of each of the four kinds of damage. */
const CASES = Math.ceil(CASES_A_FORMAT / 4);
const LIMIT = { timeout: 60_000 + CASES_A_FORMAT * 60 };
const folder = mkdtempSync(join(tmpdir(), 'lockstep-damaged-'));
const path = join(folder, 'damaged.lockstep');

let good: Buffer;
beforeAll(async () => {
  const { checkpoints } = await saveRun();
  good = readFileSync(checkpoints.at(-1)!);
  writeFileSync(path, good);
  expect(loadCheckpoint(path).about.step).toBe(24);
});

/** It is refused, in one line, and what was allocated is bounded by the file. */
function expectRefused(bytes: Uint8Array): CheckpointError {
  writeFileSync(path, bytes);
  const before = process.memoryUsage().arrayBuffers;
  let error: unknown;
  try {
    loadCheckpoint(path);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(CheckpointError);
  const { message } = error as CheckpointError;
  expect(message).toMatch(/^\S+damaged\.lockstep: expected .*, got .*; the file is damaged or no checkpoint/);
  expect(message).not.toContain('\n');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bytes.length + (1 << 24));
  return error as CheckpointError;
}

const place = () => fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('a checkpoint is refused', () => {
  test('where any one bit is another one', LIMIT, () => {
    fc.assert(
      fc.property(place(), fc.integer({ min: 0, max: 7 }), (share, bit) => {
        const bytes = Buffer.from(good);
        bytes[Math.floor(share * bytes.length)] ^= 1 << bit;
        expectRefused(bytes);
      }),
      { numRuns: CASES },
    );
  });

  test('where it was cut anywhere', LIMIT, () => {
    fc.assert(
      fc.property(place(), (share) => {
        expectRefused(good.subarray(0, Math.floor(share * good.length)));
      }),
      { numRuns: CASES },
    );
  });

  test('where bytes were appended, put in or taken out', LIMIT, () => {
    const pieces = fc.uint8Array({ minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(place(), pieces, fc.boolean(), (share, piece, isAdded) => {
        const at = Math.floor(share * (good.length + 1));
        const rest = good.subarray(isAdded ? at : at + piece.length);
        const bytes = Buffer.concat([good.subarray(0, at), isAdded ? piece : new Uint8Array(), rest]);
        if (!bytes.equals(good)) expectRefused(bytes);
      }),
      { numRuns: CASES },
    );
  });

  // The checksums are right in these: whoever made them meant it.
  test('where a table with right checksums says wrong lengths', LIMIT, () => {
    fc.assert(
      fc.property(fc.nat(5), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (index, length) => {
        const bytes = Buffer.from(good);
        const at = 16 + index * 64 + 24;
        if (bytes.readBigUInt64LE(at) === length) return;
        bytes.writeBigUInt64LE(length, at);
        expectRefused(rehashTable(bytes));
      }),
      { numRuns: CASES },
    );
  });

  test('where the plan in it is damaged in any way, with right checksums of the file', LIMIT, () => {
    const plan = readSection('plan');
    fc.assert(
      fc.property(damage, (change) => {
        const bytes = change(plan);
        if (!Buffer.from(bytes).equals(Buffer.from(plan))) expectRefused(withSection('plan', bytes));
      }),
      { numRuns: CASES_A_FORMAT },
    );
  });

  test.each([0, 1, 7, 8, 15, 16])('where it has %i bytes', (length) => {
    expectRefused(good.subarray(0, length));
  });

  test('where it is another kind of file', () => {
    expectRefused(Buffer.from('a,b\n1,2\n'.repeat(100)));
    expectRefused(gzipSync(good));
    // A bomb: 64 MiB of nothing in 64 kB. Nothing is ever unpacked from a compressed form.
    expectRefused(gzipSync(Buffer.alloc(1 << 26)));
    expectRefused(Buffer.alloc(1 << 20));
  });

  test.each([
    ['about', { step: -1 }],
    ['about', []],
    ['about', { ...savedAboutOf(), step: 2 ** 60 }],
    ['plan', { version: 1 }],
    ['config', { name: 'x' }],
  ])('where %s holds other data, with right checksums', (name, value) => {
    expectRefused(withSection(name, savedPackr.pack(value)));
  });

  test('where a plan is another one than the hash in it says', () => {
    const { plan } = loadGood();
    const changed = { ...plan, rows: plan.rows + 1 };
    expect(expectRefused(withSection('plan', savedPackr.pack(changed))).message).toMatch(/expected the plan \w+/);
  });

  test('where its arrays are of another length, or no float32 values', () => {
    const { state } = loadGood();
    expectRefused(withSection('state', savedPackr.pack(state.generation.subarray(1))));
    expectRefused(withSection('state', savedPackr.pack(new Float64Array(state.generation.length / 2))));
  });
});

describe('unpackBounded', () => {
  test('refuses deep nesting, huge declared lengths, prototypes, and extensions that would build objects', () => {
    const deep = Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.of(0xc0)]);
    const hostile = {
      deep,
      list: Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff),
      mapping: Buffer.of(0xdf, 0xff, 0xff, 0xff, 0xff),
      text: Buffer.of(0xdb, 0xff, 0xff, 0xff, 0xff, 0x61),
      array: Buffer.of(0xc9, 0xff, 0xff, 0xff, 0xff, 0x74, 7),
      prototype: Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from('__proto__'), Buffer.of(0x80)]),
      twice: Buffer.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2),
      numberAsKey: Buffer.of(0x81, 1, 1),
      // Its reader would be compiled from the names in it.
      record: new Uint8Array(packr.pack({ a: 1 })),
      regularExpression: savedPackr.pack(/(a+)+$/),
      error: savedPackr.pack(new Error('x')),
      set: savedPackr.pack(new Set([1])),
      trailing: Buffer.of(0xc0, 0xc0),
      empty: Buffer.of(),
    };
    for (const [name, bytes] of Object.entries(hostile)) {
      expect(() => unpackBounded(bytes), name).toThrow(/^expected .*, at byte \d+$/);
    }
  });

  test('takes whatever plain data the packer writes, and gives it back', () => {
    const plain = fc.jsonValue({ maxDepth: 6 });
    fc.assert(
      fc.property(plain, fc.float32Array({ noNaN: true, maxLength: 300 }), (value, array) => {
        if (JSON.stringify(value).includes('__proto__')) return;
        const back = unpackBounded(savedPackr.pack({ value, array }));
        expect(JSON.stringify(back)).toBe(JSON.stringify({ value, array }));
      }),
      { numRuns: 200 },
    );
  });

  test('ends on any bytes, with a value or a SyntaxError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          checkMessagePack(bytes);
        } catch (error) {
          expect(['SyntaxError', 'TypeError']).toContain((error as Error).name);
          return;
        }
        unpackBounded(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

function loadGood() {
  writeFileSync(path, good);
  return loadCheckpoint(path);
}

function savedAboutOf(): Record<string, unknown> {
  return { lockstep: '0.1.0', step: 1, epoch: 0, numerics: 'portable', backend: 'wasm-simd', states: [] };
}

function readSection(name: string): Uint8Array {
  writeFileSync(path, good);
  const file = new Container(path);
  try {
    return file.read(name, 1, {});
  } finally {
    file.close();
  }
}

/** The good file with other bytes in a section, all checksums right. */
function withSection(name: string, bytes: Uint8Array): Buffer {
  writeFileSync(path, good);
  const file = new Container(path);
  const names = ['about', 'progress', 'config', 'plan', 'state', 'best'].filter((one) => file.has(one));
  const sections = names.map((one) => ({ name: one, bytes: one === name ? bytes : file.read(one, 1, {}) }));
  file.close();
  const table = sections.map((section) => ({
    name: section.name,
    version: 1,
    byteLength: section.bytes.length,
    sha256: createHash('sha256').update(section.bytes).digest(),
  }));
  return Buffer.concat([encodeTable(table), ...sections.map((section) => section.bytes)]);
}

function rehashTable(bytes: Buffer): Buffer {
  const end = 16 + bytes.readUInt32LE(12) * 64;
  createHash('sha256').update(bytes.subarray(0, end)).digest().copy(bytes, end);
  return bytes;
}
