// Graphs on which self-attention is checked, and its value in float64.
import type { GraphNode } from '#src/graph/op.js';
import { constant } from '#src/graph/ops/constant.js';
import { dense } from '#src/graph/ops/dense.js';
import { mul } from '#src/graph/ops/mul.js';
import { reshape } from '#src/graph/ops/reshape.js';
import { selfAttention } from '#src/graph/ops/self-attention.js';
import type { Rule } from '../float64.ts';
import type { OpCase, Sketch } from '../op-cases.ts';

const CAUSAL = [true, false].map((causal) => [causal, causal ? ', causal' : ''] as const);

export const SELF_ATTENTION_CASES: OpCase[] = CAUSAL.flatMap(([causal, title]): OpCase[] => [
  {
    op: 'selfAttention',
    title: `of 5 tokens, 2 heads of 3${title}`,
    build: (s) => s.apply(selfAttention, [s.parameter(5, 18)], { heads: 2, causal }),
  },
  {
    op: 'selfAttention',
    title: `of 2 by 9 tokens, one head of 1${title}`,
    build: (s) => s.apply(selfAttention, [s.parameter(2, 9, 3)], { heads: 1, causal }),
  },
  { op: 'selfAttention', title: `of a batch, behind a dense layer${title}`, build: (s) => behindDense(s, causal) },
]);

/** The batch's samples as two tokens of two numbers. */
function behindDense(s: Sketch, causal: boolean): GraphNode {
  const tokens = s.apply(reshape, [s.input], { shape: [2, 2] });
  const qkv = s.apply(dense, [tokens, s.parameter(12, 2), s.parameter(12)], { activation: 'none' });
  const scale = s.apply(constant, [], { shape: [1], values: [2] });
  return s.apply(mul, [s.apply(selfAttention, [qkv], { heads: 2, causal }), scale], {});
}

export const SELF_ATTENTION_RULES: Record<string, Rule> = {
  selfAttention({ attrs, shape }, [qkv]) {
    const [tokens, dim] = shape.slice(-2);
    const { heads, causal } = attrs as { heads: number; causal: boolean };
    const size = dim / heads;
    const at = (token: number, part: number, column: number) => qkv[token * 3 * dim + part * dim + column];
    return Array.from({ length: qkv.length / 3 }, (_, index) => {
      const [token, column] = [Math.floor(index / dim), index % dim];
      const firstToken = token - (token % tokens);
      const firstColumn = column - (column % size);
      const seen = causal ? (token % tokens) + 1 : tokens;
      const scores = Array.from({ length: seen }, (_unused, j) => {
        let score = 0;
        for (let c = 0; c < size; c++) score += at(token, 0, firstColumn + c) * at(firstToken + j, 1, firstColumn + c);
        return Math.exp(score / Math.sqrt(size));
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      return scores.reduce((sum, score, j) => sum + (score / total) * at(firstToken + j, 2, column), 0);
    });
  },
};
