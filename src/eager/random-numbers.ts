// A seed and a place → random numbers: counter-based, so no generator state exists. Pure; any thread.
import { philox4x32 } from '../kernels/philox.ts';
import { PURPOSE } from '../kernels/purpose.ts';
import { cos, log } from '../kernels/scalar.ts';

/** What is drawn: the second word of the counter. */
const DRAW = { uniform: 0, normal: 1 } as const;

/** Number i is word i mod 4 of block ⌊i/4⌋: its upper 24 bits, as many as float32 has, between low and high; as the kernel `uniform`. */
export function uniformNumbers(out: Float32Array, seed: number, low: number, high: number): void {
  const words = new Uint32Array(4);
  const start = Math.fround(low);
  const span = Math.fround(Math.fround(high) - start);
  for (let i = 0; i < out.length; i++) {
    if (i % 4 === 0) drawBlock(words, i / 4, DRAW.uniform, seed);
    out[i] = start + Math.fround((words[i % 4] >>> 8) * 2 ** -24 * span);
  }
}

/**
 * Numbers 2j and 2j + 1 are made of two words: √(-2 ln u) cos(2πv) and √(-2 ln u) sin(2πv), u in (0, 1], v in [0, 1).
 * @see Box and Muller 1958, "A note on the generation of random normal deviates", doi:10.1214/aoms/1177706645
 */
export function normalNumbers(out: Float32Array, seed: number, mean: number, std: number): void {
  const words = new Uint32Array(4);
  const turn = 6.283185307179586;
  for (let i = 0; i < out.length; i += 2) {
    if (i % 4 === 0) drawBlock(words, i / 4, DRAW.normal, seed);
    const radius = std * Math.sqrt(-2 * log((words[i % 4] + 1) * 2 ** -32));
    const v = words[(i % 4) + 1] * 2 ** -32;
    out[i] = mean + radius * cos(turn * v);
    // sin x = cos(x - π/2); a number behind the end is not written.
    out[i + 1] = mean + radius * cos(turn * (v - 0.25));
  }
}

function drawBlock(words: Uint32Array, position: number, what: number, seed: number): void {
  philox4x32(position, what, 0, PURPOSE.eager, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, words);
}
