// Parameters and optimizer state of one generation + the reduced gradient → those of the next; every worker thread runs it.
// Each element depends on its own cells only. Hyper-parameters come as f64: what is derived from them is rounded to f32 once.
import { loadLanes, storeLanes } from './lanes';

/** Four elements of SGD, or the last `rest` (1 to 3). */
// @ts-ignore: decorator
@inline
function sgd4(
  pNew: usize, pOld: usize, gradient: usize, momentumNew: usize, momentumOld: usize, rest: usize,
  rate: v128, keep: v128, take: v128, decay: v128, hasDecay: bool, hasMomentum: bool, nesterov: i32, isFirstStep: i32,
): void {
  const p = loadLanes(pOld, rest);
  let g = loadLanes(gradient, rest);
  if (hasDecay) g = f32x4.add(g, f32x4.mul(decay, p));
  if (hasMomentum) {
    const v = isFirstStep ? g : f32x4.add(f32x4.mul(keep, loadLanes(momentumOld, rest)), f32x4.mul(take, g));
    storeLanes(momentumNew, v, rest);
    g = nesterov ? f32x4.add(g, f32x4.mul(keep, v)) : v;
  }
  storeLanes(pNew, f32x4.sub(p, f32x4.mul(rate, g)), rest);
}

/** SGD with momentum, Nesterov and weight decay as in torch.optim.SGD; n elements. */
export function sgd(
  pNew: usize, pOld: usize, gradient: usize, momentumNew: usize, momentumOld: usize, n: usize,
  lr: f64, momentum: f64, dampening: f64, nesterov: i32, weightDecay: f64, isFirstStep: i32,
): void {
  const rate = f32x4.splat(<f32>lr), decay = f32x4.splat(<f32>weightDecay);
  const keep = f32x4.splat(<f32>momentum), take = f32x4.splat(<f32>(1 - dampening));
  const hasDecay = weightDecay != 0, hasMomentum = momentum != 0;
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    sgd4(
      pNew + i, pOld + i, gradient + i, momentumNew + i, momentumOld + i, 0,
      rate, keep, take, decay, hasDecay, hasMomentum, nesterov, isFirstStep,
    );
  }
  if (n & 3) {
    sgd4(
      pNew + i, pOld + i, gradient + i, momentumNew + i, momentumOld + i, n & 3,
      rate, keep, take, decay, hasDecay, hasMomentum, nesterov, isFirstStep,
    );
  }
}

/** Four elements of Adam, or the last `rest` (1 to 3). */
// @ts-ignore: decorator
@inline
function adam4(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, rest: usize,
  keep1: v128, take1: v128, keep2: v128, take2: v128, rate: v128, correction: v128, epsilon: v128,
  hasDecay: bool, decay: v128, hasShrink: bool, shrink: v128,
): void {
  let p = loadLanes(pOld, rest);
  let g = loadLanes(gradient, rest);
  if (hasDecay) g = f32x4.add(g, f32x4.mul(decay, p));
  if (hasShrink) p = f32x4.mul(p, shrink);
  const first = f32x4.add(f32x4.mul(keep1, loadLanes(mOld, rest)), f32x4.mul(take1, g));
  const second = f32x4.add(f32x4.mul(keep2, loadLanes(vOld, rest)), f32x4.mul(take2, f32x4.mul(g, g)));
  storeLanes(mNew, first, rest);
  storeLanes(vNew, second, rest);
  const root = f32x4.add(f32x4.div(f32x4.sqrt(second), correction), epsilon);
  storeLanes(pNew, f32x4.sub(p, f32x4.mul(rate, f32x4.div(first, root))), rest);
}

/** Adam, or AdamW where isDecoupled, as in torch.optim; n elements. */
export function adam(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, n: usize,
  lr: f64, beta1: f64, beta2: f64, eps: f64, weightDecay: f64, isDecoupled: i32,
  biasCorrection1: f64, sqrtBiasCorrection2: f64,
): void {
  const keep1 = f32x4.splat(<f32>beta1), take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2), take2 = f32x4.splat(<f32>(1 - beta2));
  const rate = f32x4.splat(<f32>(lr / biasCorrection1));
  const correction = f32x4.splat(<f32>sqrtBiasCorrection2), epsilon = f32x4.splat(<f32>eps);
  const hasDecay = weightDecay != 0 && !isDecoupled, hasShrink = weightDecay != 0 && isDecoupled != 0;
  const decay = f32x4.splat(<f32>weightDecay), shrink = f32x4.splat(<f32>(1 - lr * weightDecay));
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    adam4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, vNew + i, vOld + i, 0,
      keep1, take1, keep2, take2, rate, correction, epsilon, hasDecay, decay, hasShrink, shrink,
    );
  }
  if (n & 3) {
    adam4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, vNew + i, vOld + i, n & 3,
      keep1, take1, keep2, take2, rate, correction, epsilon, hasDecay, decay, hasShrink, shrink,
    );
  }
}
