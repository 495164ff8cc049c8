// All cases and float64 rules of normalisation, attention and dropout.
import type { Rule } from '../float64.ts';
import type { OpCase } from '../op-cases.ts';
import { CHANNEL_NORM_CASES, CHANNEL_NORM_RULES } from './channel-norm.ts';
import { DROPOUT_CASES, DROPOUT_RULES } from './dropout.ts';
import { LAYER_NORM_CASES, LAYER_NORM_RULES } from './layer-norm.ts';
import { SELF_ATTENTION_CASES, SELF_ATTENTION_RULES } from './self-attention.ts';

export const NORMALIZATION_CASES: OpCase[] = [
  ...LAYER_NORM_CASES,
  ...SELF_ATTENTION_CASES,
  ...CHANNEL_NORM_CASES,
  ...DROPOUT_CASES,
];

export const NORMALIZATION_RULES: Record<string, Rule> = {
  ...LAYER_NORM_RULES,
  ...SELF_ATTENTION_RULES,
  ...CHANNEL_NORM_RULES,
  ...DROPOUT_RULES,
};
