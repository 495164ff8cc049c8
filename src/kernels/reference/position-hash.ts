// The bits of f32 arrays → a sum that tells arrays apart, element by element and place by place, in BigInt; any thread.
import type { Kernels, Views } from './views.ts';

const MASK = (1n << 64n) - 1n;
const GOLDEN = 0x9e3779b97f4a7c15n;
/** "lockstep" in ASCII. */
const KEY_SEED = 0x6c6f636b73746570n;
const LINE = 64;

/** splitmix64's finalizer. */
function mix(seed: bigint): bigint {
  let z = seed & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

const KEYS = Array.from({ length: LINE }, (_, lane) => mix(KEY_SEED + GOLDEN * BigInt(lane + 1)) | 0x1_0000_0001n);
const LOWER = KEYS.map((key) => Number(key & 0xffff_ffffn));
const UPPER = KEYS.map((key) => Number(key >> 32n));
const placeKey = (place: number): bigint => mix(GOLDEN * BigInt(place + 1)) | 1n;

/** The hash over `views`. */
export function positionHashKernels({ f32, u32 }: Views): Kernels<'positionHash'> {
  /** The sum of the `count` ≤ 64 elements of a line. */
  function hashLine(at: number, count: number): bigint {
    const low = new Uint32Array(4);
    const high = new Uint32Array(4);
    for (let i = 0; i < count; i++) {
      const bits = u32[at / 4 + i];
      const spread = bits ^ (bits >>> 23);
      low[i % 4] += Math.imul(spread, LOWER[i]);
      high[i % 4] += Math.imul(spread, UPPER[i]);
    }
    return [0, 1, 2, 3].reduce((sum, lane) => sum + BigInt(low[lane]) + (BigInt(high[lane]) << 32n), 0n);
  }

  function positionHash(out: number, x: number, position: number, n: number, accumulate: number): number {
    let hash = accumulate ? BigInt(u32[out / 4]) | (BigInt(u32[out / 4 + 1]) << 32n) : 0n;
    for (let i = 0; i < n; i += LINE) {
      hash += hashLine(x + i * 4, Math.min(LINE, n - i)) * placeKey((position + i) / 16);
    }
    u32[out / 4] = Number(hash & 0xffff_ffffn);
    u32[out / 4 + 1] = Number((hash >> 32n) & 0xffff_ffffn);
    return f32.subarray(x / 4, x / 4 + n).every((value) => Number.isFinite(value)) ? 0 : 1;
  }

  return { positionHash };
}
