// Attention of a sample's tokens and its gradient, one head and one token after the other; any thread.
import { sumFourLanes } from './lane-sums.ts';
import { exp32 } from './vector-math.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** Where one head of one sample lies: element offsets of token 0, and elements from one token to the next. */
interface Head {
  q: number;
  k: number;
  v: number;
  stride: number;
  out: number;
  outStride: number;
}

/** The attention kernels over `views`. */
export function attentionKernels({ f32 }: Views): Kernels<'selfAttention' | 'selfAttentionBackward'> {
  function headsOf(out: number, qkv: number, samples: number, tokens: number, heads: number, size: number): Head[] {
    const dim = heads * size;
    return Array.from({ length: samples * heads }, (_, index) => {
      const [sample, head] = [Math.floor(index / heads), index % heads];
      const q = qkv + sample * tokens * 3 * dim + head * size;
      const of = { out: out + sample * tokens * dim + head * size, outStride: dim };
      return { q, k: q + dim, v: q + 2 * dim, stride: 3 * dim, ...of };
    });
  }

  /** Σ a[i] b[i] in order; strides of 1. */
  function dot(a: number, b: number, n: number): number {
    let sum = 0;
    for (let i = 0; i < n; i++) sum = fround(sum + fround(f32[a + i] * f32[b + i]));
    return sum;
  }

  /** Exponentials of token i's scores, and their sum. */
  function attend({ q, k, stride }: Head, i: number, seen: number, size: number) {
    const scores = Float32Array.from({ length: seen }, (_, j) => dot(q + i * stride, k + j * stride, size));
    const top = scores.reduce((most, score) => (score > most ? score : most), -Infinity);
    const scale = scaleOf(size);
    const powers = scores.map((score) => exp32(fround(fround(score - top) * scale)));
    return { powers, sum: sumFourLanes(seen, (j) => powers[j]) };
  }

  /** Σ factors[j] row j, in order. */
  function weightedRow(factors: Float32Array, rows: number, stride: number, size: number): Float32Array {
    return Float32Array.from({ length: size }, (_, c) =>
      factors.reduce((sum, factor, j) => fround(sum + fround(factor * f32[rows + j * stride + c])), 0),
    );
  }

  function selfAttention(...args: number[]): void {
    const [out, qkv, samples, tokens, heads, size, isCausal] = args;
    for (const head of headsOf(out / 4, qkv / 4, samples, tokens, heads, size)) {
      for (let i = 0; i < tokens; i++) {
        const { powers, sum } = attend(head, i, isCausal ? i + 1 : tokens, size);
        const gathered = weightedRow(powers, head.v, head.stride, size).map((value) => value / sum);
        f32.set(gathered, head.out + i * head.outStride);
      }
    }
  }

  function selfAttentionBackward(...args: number[]): void {
    const [dQkv, dOut, qkv, samples, tokens, heads, size, isCausal] = args;
    const scale = scaleOf(size);
    const gradients = headsOf(0, dQkv / 4, samples, tokens, heads, size);
    headsOf(dOut / 4, qkv / 4, samples, tokens, heads, size).forEach((head, index) => {
      const d = gradients[index];
      const dKeys = new Float32Array(tokens * size);
      const dValues = new Float32Array(tokens * size);
      for (let i = 0; i < tokens; i++) {
        const { powers, sum } = attend(head, i, isCausal ? i + 1 : tokens, size);
        const p = powers.map((power) => power / sum);
        const from = head.out + i * head.outStride;
        const dP = p.map((_, j) => dot(from, head.v + j * head.stride, size));
        const total = sumFourLanes(p.length, (j) => fround(p[j] * dP[j]));
        const dScores = p.map((value, j) => value * fround(dP[j] - total));
        const dQuery = weightedRow(dScores, head.k, head.stride, size).map((value) => value * scale);
        f32.set(dQuery, d.q + i * d.stride);
        for (let j = 0; j < p.length; j++) {
          for (let c = 0; c < size; c++) {
            dValues[j * size + c] += fround(p[j] * f32[from + c]);
            dKeys[j * size + c] += fround(dScores[j] * f32[head.q + i * head.stride + c]);
          }
        }
      }
      for (let j = 0; j < tokens; j++) {
        f32.set(
          dKeys.subarray(j * size, (j + 1) * size).map((value) => value * scale),
          d.k + j * d.stride,
        );
        f32.set(dValues.subarray(j * size, (j + 1) * size), d.v + j * d.stride);
      }
    });
  }

  return {
    selfAttention: withoutResult(selfAttention),
    selfAttentionBackward: withoutResult(selfAttentionBackward),
  };
}

function scaleOf(size: number): number {
  return fround(1 / fround(Math.sqrt(size)));
}
