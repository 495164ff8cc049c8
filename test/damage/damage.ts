// Bytes of a good file → the same bytes damaged in one of the ways in which files are, as fast-check makes and shrinks them; what a reader
// may do with them.
import fc from 'fast-check';
import { expect } from 'vitest';

/** Of each format; `npm run test:damage` sets 10,000. Which ones: LOCKSTEP_SEED. */
export const CASES = Number(process.env.LOCKSTEP_CASES ?? 500);
const SEED = Number(process.env.LOCKSTEP_SEED ?? 20_250_101);

/** Where, as a share of the length: it shrinks to the file's begin, whatever the length. */
const place = () => fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (bytes: Uint8Array, share: number): number => Math.floor(share * bytes.length);

type Damage = (bytes: Uint8Array) => Uint8Array;

const flip = fc.array(fc.tuple(place(), fc.integer({ min: 0, max: 7 })), { minLength: 1, maxLength: 4 }).map(
  (flips): Damage =>
    (bytes) => {
      const damaged = Uint8Array.from(bytes);
      for (const [share, bit] of flips) damaged[at(bytes, share)] ^= 1 << bit;
      return damaged;
    },
);
const truncate = place().map(
  (share): Damage =>
    (bytes) =>
      bytes.slice(0, at(bytes, share)),
);
const append = fc.uint8Array({ minLength: 1, maxLength: 64 }).map(
  (more): Damage =>
    (bytes) =>
      Uint8Array.from([...bytes, ...more]),
);
/** Lengths and counts stand near the begin, in either order of bytes: sizes from 0 to the largest of a word. */
const size = fc
  .tuple(
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom(0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff),
    fc.boolean(),
    fc.boolean(),
  )
  .map(
    ([offset, value, isLittle, isLong]): Damage =>
      (bytes) => {
        const damaged = Uint8Array.from(bytes);
        if (damaged.length < offset + 8) return damaged;
        const view = new DataView(damaged.buffer);
        view.setUint32(offset, value, isLittle);
        if (isLong) view.setUint32(offset + 4, value, isLittle);
        return damaged;
      },
  );
/** A part of the file again, in another place: headers, quotes and brackets nest. */
const splice = fc.tuple(place(), place(), place(), fc.integer({ min: 1, max: 40 })).map(
  ([from, to, share, times]): Damage =>
    (bytes) => {
      const [a, b] = [at(bytes, from), at(bytes, to)].sort((x, y) => x - y);
      const part = bytes.slice(a, Math.min(b, a + 200));
      const target = at(bytes, share);
      return Buffer.concat([bytes.slice(0, target), ...Array.from({ length: times }, () => part), bytes.slice(target)]);
    },
);
const noise = fc.uint8Array({ maxLength: 300 }).map(
  (bytes): Damage =>
    () =>
      bytes,
);

/** Any damage. */
export const damage: fc.Arbitrary<Damage> = fc.oneof(flip, truncate, append, size, splice, noise);

/** How much more than the file a reader may have taken: buffers of its own, of fixed sizes. */
const MOST_EXTRA_BYTES = 1 << 26;

/**
 * Reads damaged bytes: the reader either gives what `check` accepts, or throws an error that was made for people, of one line.
 */
export function expectErrorOrValue<T>(
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => T,
  check: (value: T) => void,
): void {
  const before = process.memoryUsage().arrayBuffers;
  let value: T | undefined;
  let error: unknown;
  try {
    value = read(bytes);
  } catch (thrown) {
    error = thrown;
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bytes.length + MOST_EXTRA_BYTES);
  if (error === undefined) {
    check(value as T);
    return;
  }
  const isForPeople = error instanceof Error && 'exitCode' in error;
  expect(isForPeople, `a fault, not a refusal: ${error instanceof Error ? error.stack : error}`).toBe(true);
  const { message } = error as Error & { issues?: string[] };
  for (const line of (error as { issues?: string[] }).issues ?? [message]) {
    expect(line).toMatch(/expected [\s\S]*got [\s\S]*/);
  }
}

/** Tries as many damages of good bytes as the run asks for. */
export function tryDamages<T>(
  good: readonly Uint8Array[],
  read: (bytes: Uint8Array) => T,
  check: (value: T) => void,
): void {
  fc.assert(
    fc.property(fc.constantFrom(...good), damage, (bytes, change) => expectErrorOrValue(change(bytes), read, check)),
    { numRuns: CASES, seed: SEED },
  );
}
