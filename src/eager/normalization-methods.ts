// Methods that normalise, with PyTorch's options and defaults: layer norm, RMS norm, group norm. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { groupNorm } from '../graph/ops/group-norm.ts';
import { layerNorm, rmsNorm } from '../graph/ops/layer-norm.ts';
import { applyOp, type Expression } from './expression.ts';
import { fillOptions, optionalTensor, requireFinite } from './method-options.ts';

/** Options of a group norm. */
export interface NormOptions {
  /** What is added to the variance: 1e-5. */
  readonly eps?: number;
}

/** Options of a norm by rows. */
export interface RowNormOptions extends NormOptions {
  /** How many of the last axes make one row: as many as the weight has, 1 without a weight. */
  readonly axes?: number;
}

/** Rows of mean 0 and variance 1, times weight plus bias. */
export function normalizeRows(
  x: Expression,
  weight?: Expression | null,
  bias?: Expression | null,
  options?: RowNormOptions,
): Expression {
  const affine = affineOf(weight, bias, 'layerNorm');
  return applyOp(layerNorm, [x, ...affine], fillNorm(options, rowDefaults(affine), 'layerNorm'));
}

/** Rows of mean square 1, times weight. */
export function scaleRows(x: Expression, weight?: Expression | null, options?: RowNormOptions): Expression {
  const affine = optionalTensor(weight, 'rmsNorm');
  return applyOp(rmsNorm, [x, ...affine], fillNorm(options, rowDefaults(affine), 'rmsNorm'));
}

/** Groups of channels of mean 0 and variance 1, times weight plus bias. */
export function normalizeGroups(
  x: Expression,
  groups: number,
  weight?: Expression | null,
  bias?: Expression | null,
  options?: NormOptions,
): Expression {
  const affine = affineOf(weight, bias, 'groupNorm');
  return applyOp(groupNorm, [x, ...affine], { groups, ...fillNorm(options, { eps: EPS }, 'groupNorm') });
}

const EPS = 1e-5;

function affineOf(
  weight: Expression | null | undefined,
  bias: Expression | null | undefined,
  where: string,
): Expression[] {
  const [scales, shifts] = [optionalTensor(weight, where), optionalTensor(bias, where)];
  if (scales.length >= shifts.length) return [...scales, ...shifts];
  throw new ModelError(`${where}: expected a weight beside the bias, got none; give one of ones`);
}

function fillNorm<O extends NormOptions>(options: O | undefined, defaults: Required<O>, where: string): Required<O> {
  const filled = fillOptions(options, defaults, where);
  requireFinite(filled.eps as number, 'eps', where);
  return filled;
}

function rowDefaults([weight]: readonly Expression[]): Required<RowNormOptions> {
  return { axes: weight?.shape.length ?? 1, eps: EPS };
}
