// Lines of the table of methods whose numbers are those of the op table's float64 rules, told what the method leaves unsaid.
import type { Tensor } from '#src/index.js';
import { BATCHED_MATMUL_RULES } from '../graph/cases/batched-matmul-cases.ts';
import { CONV_RULES } from '../graph/cases/conv-float64.ts';
import { EXTREME_RULES } from '../graph/cases/extreme-cases.ts';
import { NORMALIZATION_RULES } from '../graph/cases/normalization.ts';
import { SHAPE_RULES } from '../graph/cases/shape-cases.ts';
import { SOFTMAX_RULES } from '../graph/cases/softmax-cases.ts';
import type { Rule } from '../graph/float64.ts';
import type { MethodCase } from './method-cases.ts';

const RULES: Record<string, Rule> = {
  ...BATCHED_MATMUL_RULES,
  ...(CONV_RULES as Record<string, Rule>),
  ...EXTREME_RULES,
  ...NORMALIZATION_RULES,
  ...SHAPE_RULES,
  ...SOFTMAX_RULES,
};

/** One call of a method, as its op sees it. */
interface Line {
  title: string;
  shapes: number[][];
  /** The result's shape. */
  to: number[];
  /** What the op has to be told for this call, defaults included. */
  attrs: object;
  range?: [number, number];
  apply(...inputs: Tensor[]): Tensor;
}

/** A rule's name is the op's; the method's is another where given. */
export const byRule = (rule: string, lines: Line[], method = rule): MethodCase[] =>
  lines.map(({ title, shapes, to, attrs, range, apply }) => {
    const node = (shape: number[], settings = {}) => ({ shape, isBatched: false, attrs: settings }) as never;
    const types = shapes.map((shape) => node(shape));
    const exact = (...inputs: number[][]): number[] => Array.from(RULES[rule](node(to, attrs), inputs, types, 1));
    return { method, title, shapes, range, apply, exact };
  });
