// AMSGrad, NAdam, RAdam and LAMB: parameters and moments of one generation + the reduced gradient → those of the next; every worker
// thread runs it. But for LAMB's norms, each element depends on its own cells only. Settings come as f64 and are rounded to f32 once.
import { loadLanes, storeLanes } from './lanes';

/** The new moment keep · old + take · x, written. */
// @ts-ignore: decorator
@inline
function nextMoment(momentNew: usize, momentOld: usize, rest: usize, keep: v128, take: v128, x: v128): v128 {
  const moment = f32x4.add(f32x4.mul(keep, loadLanes(momentOld, rest)), f32x4.mul(take, x));
  storeLanes(momentNew, moment, rest);
  return moment;
}

/** The gradient of four elements, or of the last `rest`, with the decay added to it. */
// @ts-ignore: decorator
@inline
function decayedGradient(gradient: usize, rest: usize, p: v128, decay: v128, hasDecay: bool): v128 {
  const g = loadLanes(gradient, rest);
  return hasDecay ? f32x4.add(g, f32x4.mul(decay, p)) : g;
}

/** Four elements of AMSGrad, or the last `rest` (1 to 3). */
// @ts-ignore: decorator
@inline
function amsgrad4(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, mostNew: usize,
  mostOld: usize, rest: usize, keep1: v128, take1: v128, keep2: v128, take2: v128, rate: v128, epsilon: v128,
  decay: v128, hasDecay: bool, shrink: v128, hasShrink: bool,
): void {
  let p = loadLanes(pOld, rest);
  const g = decayedGradient(gradient, rest, p, decay, hasDecay);
  if (hasShrink) p = f32x4.mul(p, shrink);
  const m = nextMoment(mNew, mOld, rest, keep1, take1, g);
  const v = nextMoment(vNew, vOld, rest, keep2, take2, f32x4.mul(g, g));
  const most = f32x4.max(loadLanes(mostOld, rest), v);
  storeLanes(mostNew, most, rest);
  storeLanes(pNew, f32x4.sub(p, f32x4.mul(rate, f32x4.div(m, f32x4.add(f32x4.sqrt(most), epsilon)))), rest);
}

/**
 * AMSGrad as in torch.optim; n elements. `rate` and `eps` come with the root of the second bias correction multiplied in; `decay` goes
 * into the gradient, `shrink` (1 for none) multiplies the parameters.
 */
export function amsgrad(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, mostNew: usize,
  mostOld: usize, n: usize, rate: f64, beta1: f64, beta2: f64, eps: f64, decay: f64, shrink: f64,
): void {
  const keep1 = f32x4.splat(<f32>beta1), take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2), take2 = f32x4.splat(<f32>(1 - beta2));
  const rates = f32x4.splat(<f32>rate), epsilon = f32x4.splat(<f32>eps);
  const decays = f32x4.splat(<f32>decay), shrinks = f32x4.splat(<f32>shrink);
  const hasDecay = decay != 0, hasShrink = shrink != 1;
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    amsgrad4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, vNew + i, vOld + i, mostNew + i, mostOld + i, 0,
      keep1, take1, keep2, take2, rates, epsilon, decays, hasDecay, shrinks, hasShrink,
    );
  }
  if (n & 3) {
    amsgrad4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, vNew + i, vOld + i, mostNew + i, mostOld + i, n & 3,
      keep1, take1, keep2, take2, rates, epsilon, decays, hasDecay, shrinks, hasShrink,
    );
  }
}

/** Four elements of NAdam, or the last `rest` (1 to 3). */
// @ts-ignore: decorator
@inline
function nadam4(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, rest: usize,
  gradientRate: v128, momentRate: v128, keep1: v128, take1: v128, keep2: v128, take2: v128, epsilon: v128,
  correction: v128, decay: v128, hasDecay: bool,
): void {
  const p = loadLanes(pOld, rest);
  const g = decayedGradient(gradient, rest, p, decay, hasDecay);
  const m = nextMoment(mNew, mOld, rest, keep1, take1, g);
  const v = nextMoment(vNew, vOld, rest, keep2, take2, f32x4.mul(g, g));
  const root = f32x4.add(f32x4.div(f32x4.sqrt(v), correction), epsilon);
  const step = f32x4.add(f32x4.mul(gradientRate, g), f32x4.mul(momentRate, m));
  storeLanes(pNew, f32x4.sub(p, f32x4.div(step, root)), rest);
}

/** NAdam as in torch.optim, the rates of the gradient and of the first moment with their corrections; n elements. */
export function nadam(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, n: usize,
  gradientRate: f64, momentRate: f64, beta1: f64, beta2: f64, eps: f64, weightDecay: f64, sqrtCorrection2: f64,
): void {
  const keep1 = f32x4.splat(<f32>beta1), take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2), take2 = f32x4.splat(<f32>(1 - beta2));
  const rateG = f32x4.splat(<f32>gradientRate), rateM = f32x4.splat(<f32>momentRate);
  const epsilon = f32x4.splat(<f32>eps), decay = f32x4.splat(<f32>weightDecay), hasDecay = weightDecay != 0;
  const correction = f32x4.splat(<f32>sqrtCorrection2);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    nadam4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, vNew + i, vOld + i, 0,
      rateG, rateM, keep1, take1, keep2, take2, epsilon, correction, decay, hasDecay,
    );
  }
  if (n & 3) {
    nadam4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, vNew + i, vOld + i, n & 3,
      rateG, rateM, keep1, take1, keep2, take2, epsilon, correction, decay, hasDecay,
    );
  }
}

/** Four elements of RAdam, or the last `rest` (1 to 3). */
// @ts-ignore: decorator
@inline
function radam4(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, rest: usize,
  rate: v128, keep1: v128, take1: v128, keep2: v128, take2: v128, epsilon: v128, decay: v128, hasDecay: bool,
  isRectified: i32,
): void {
  const p = loadLanes(pOld, rest);
  const g = decayedGradient(gradient, rest, p, decay, hasDecay);
  const m = nextMoment(mNew, mOld, rest, keep1, take1, g);
  const v = nextMoment(vNew, vOld, rest, keep2, take2, f32x4.mul(g, g));
  const step = isRectified ? f32x4.div(m, f32x4.add(f32x4.sqrt(v), epsilon)) : m;
  storeLanes(pNew, f32x4.sub(p, f32x4.mul(rate, step)), rest);
}

/** RAdam as in torch.optim, `rate` with all corrections; n elements. Without rectification the second moment divides nothing. */
export function radam(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, n: usize,
  rate: f64, beta1: f64, beta2: f64, eps: f64, weightDecay: f64, isRectified: i32,
): void {
  const keep1 = f32x4.splat(<f32>beta1), take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2), take2 = f32x4.splat(<f32>(1 - beta2));
  const rates = f32x4.splat(<f32>rate), epsilon = f32x4.splat(<f32>eps);
  const decay = f32x4.splat(<f32>weightDecay), hasDecay = weightDecay != 0;
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    radam4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, vNew + i, vOld + i, 0,
      rates, keep1, take1, keep2, take2, epsilon, decay, hasDecay, isRectified,
    );
  }
  if (n & 3) {
    radam4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, vNew + i, vOld + i, n & 3,
      rates, keep1, take1, keep2, take2, epsilon, decay, hasDecay, isRectified,
    );
  }
}

/** The f64 squares of lanes 0 and 1. */
// @ts-ignore: decorator
@inline
function squaresLow(x: v128): v128 {
  const a = f64x2.promote_low_f32x4(x);
  return f64x2.mul(a, a);
}

// @ts-ignore: decorator
@inline
function squaresHigh(x: v128): v128 {
  return squaresLow(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}

// @ts-ignore: decorator
@inline
function rootOfSum(low: v128, high: v128): f64 {
  const sum = f64x2.add(low, high);
  return Math.sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/** p = pOld - rate · u, u lying where p is written. */
function stepBack(pNew: usize, pOld: usize, n: usize, rate: v128): void {
  for (let i: usize = 0; i < n; i += 4) {
    const rest = n - i < 4 ? n - i : 0;
    const at = i << 2;
    storeLanes(pNew + at, f32x4.sub(loadLanes(pOld + at, rest), f32x4.mul(rate, loadLanes(pNew + at, rest))), rest);
  }
}

/**
 * LAMB (You et al. 2020, arXiv:1904.00962, algorithm 2) of one whole parameter tensor of n elements: the update u lies in pNew until both
 * norms are known. Norms are f64 sums in the order of scaleSquareSum; where one of them is 0 the trust ratio is 1.
 */
export function lamb(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, n: usize,
  lr: f64, beta1: f64, beta2: f64, eps: f64, weightDecay: f64, correction1: f64, sqrtCorrection2: f64,
): void {
  const keep1 = f32x4.splat(<f32>beta1), take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2), take2 = f32x4.splat(<f32>(1 - beta2));
  const unbias1 = f32x4.splat(<f32>correction1), unbias2 = f32x4.splat(<f32>sqrtCorrection2);
  const epsilon = f32x4.splat(<f32>eps), decay = f32x4.splat(<f32>weightDecay);
  let pLow = f64x2.splat(0), pHigh = f64x2.splat(0), uLow = f64x2.splat(0), uHigh = f64x2.splat(0);
  for (let i: usize = 0; i < n; i += 4) {
    const rest = n - i < 4 ? n - i : 0;
    const at = i << 2;
    const p = loadLanes(pOld + at, rest);
    const g = loadLanes(gradient + at, rest);
    const m = nextMoment(mNew + at, mOld + at, rest, keep1, take1, g);
    const v = nextMoment(vNew + at, vOld + at, rest, keep2, take2, f32x4.mul(g, g));
    const root = f32x4.add(f32x4.div(f32x4.sqrt(v), unbias2), epsilon);
    let u = f32x4.add(f32x4.div(f32x4.div(m, unbias1), root), f32x4.mul(decay, p));
    // Behind a tail 0 / eps may be 0 / 0.
    if (rest) u = v128.and(u, i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(<i32>rest)));
    storeLanes(pNew + at, u, rest);
    pLow = f64x2.add(pLow, squaresLow(p));
    pHigh = f64x2.add(pHigh, squaresHigh(p));
    uLow = f64x2.add(uLow, squaresLow(u));
    uHigh = f64x2.add(uHigh, squaresHigh(u));
  }
  const pNorm = rootOfSum(pLow, pHigh), uNorm = rootOfSum(uLow, uHigh);
  const trust = pNorm > 0 && uNorm > 0 ? pNorm / uNorm : 1;
  stepBack(pNew, pOld, n, f32x4.splat(<f32>(lr * trust)));
}
