// RMSprop, Adagrad and Lion: parameters and state of one generation + the reduced gradient → those of the next; every worker thread runs it.
// Each element depends on its own cells only. Settings come as f64: what is derived from them is rounded to f32 once.
import { loadLanes, storeLanes } from './lanes';

/** Four elements of RMSprop, or the last `rest` (1 to 3). */
// @ts-ignore: decorator
@inline
function rmsprop4(
  pNew: usize, pOld: usize, gradient: usize, squareNew: usize, squareOld: usize, meanNew: usize, meanOld: usize,
  momentumNew: usize, momentumOld: usize, rest: usize, rate: v128, keep: v128, take: v128, epsilon: v128, drag: v128,
  decay: v128, hasDecay: bool, hasMomentum: bool, isCentered: i32,
): void {
  const p = loadLanes(pOld, rest);
  let g = loadLanes(gradient, rest);
  if (hasDecay) g = f32x4.add(g, f32x4.mul(decay, p));
  const square = f32x4.add(f32x4.mul(keep, loadLanes(squareOld, rest)), f32x4.mul(take, f32x4.mul(g, g)));
  storeLanes(squareNew, square, rest);
  let variance = square;
  if (isCentered) {
    const mean = f32x4.add(f32x4.mul(keep, loadLanes(meanOld, rest)), f32x4.mul(take, g));
    storeLanes(meanNew, mean, rest);
    // Rounding may leave it below 0, which has no root.
    variance = f32x4.max(f32x4.sub(square, f32x4.mul(mean, mean)), f32x4.splat(0));
  }
  let d = f32x4.div(g, f32x4.add(f32x4.sqrt(variance), epsilon));
  if (hasMomentum) {
    d = f32x4.add(f32x4.mul(drag, loadLanes(momentumOld, rest)), d);
    storeLanes(momentumNew, d, rest);
  }
  storeLanes(pNew, f32x4.sub(p, f32x4.mul(rate, d)), rest);
}

/** RMSprop as in torch.optim; n elements. Addresses of a mean or momentum that there is none of are not touched. */
export function rmsprop(
  pNew: usize, pOld: usize, gradient: usize, squareNew: usize, squareOld: usize, meanNew: usize, meanOld: usize,
  momentumNew: usize, momentumOld: usize, n: usize,
  lr: f64, alpha: f64, eps: f64, momentum: f64, weightDecay: f64, isCentered: i32,
): void {
  const rate = f32x4.splat(<f32>lr), keep = f32x4.splat(<f32>alpha), take = f32x4.splat(<f32>(1 - alpha));
  const epsilon = f32x4.splat(<f32>eps), drag = f32x4.splat(<f32>momentum), decay = f32x4.splat(<f32>weightDecay);
  const hasDecay = weightDecay != 0, hasMomentum = momentum != 0;
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    rmsprop4(
      pNew + i, pOld + i, gradient + i, squareNew + i, squareOld + i, meanNew + i, meanOld + i, momentumNew + i,
      momentumOld + i, 0, rate, keep, take, epsilon, drag, decay, hasDecay, hasMomentum, isCentered,
    );
  }
  if (n & 3) {
    rmsprop4(
      pNew + i, pOld + i, gradient + i, squareNew + i, squareOld + i, meanNew + i, meanOld + i, momentumNew + i,
      momentumOld + i, n & 3, rate, keep, take, epsilon, drag, decay, hasDecay, hasMomentum, isCentered,
    );
  }
}

/** Four elements of Adagrad, or the last `rest` (1 to 3). */
// @ts-ignore: decorator
@inline
function adagrad4(
  pNew: usize, pOld: usize, gradient: usize, sumNew: usize, sumOld: usize, rest: usize,
  rate: v128, epsilon: v128, decay: v128, hasDecay: bool,
): void {
  const p = loadLanes(pOld, rest);
  let g = loadLanes(gradient, rest);
  if (hasDecay) g = f32x4.add(g, f32x4.mul(decay, p));
  const sum = f32x4.add(loadLanes(sumOld, rest), f32x4.mul(g, g));
  storeLanes(sumNew, sum, rest);
  storeLanes(pNew, f32x4.sub(p, f32x4.mul(rate, f32x4.div(g, f32x4.add(f32x4.sqrt(sum), epsilon)))), rest);
}

/** Adagrad as in torch.optim, `lr` the decayed one; n elements. */
export function adagrad(
  pNew: usize, pOld: usize, gradient: usize, sumNew: usize, sumOld: usize, n: usize,
  lr: f64, eps: f64, weightDecay: f64,
): void {
  const rate = f32x4.splat(<f32>lr), epsilon = f32x4.splat(<f32>eps), decay = f32x4.splat(<f32>weightDecay);
  const hasDecay = weightDecay != 0;
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    adagrad4(pNew + i, pOld + i, gradient + i, sumNew + i, sumOld + i, 0, rate, epsilon, decay, hasDecay);
  }
  if (n & 3) {
    adagrad4(pNew + i, pOld + i, gradient + i, sumNew + i, sumOld + i, n & 3, rate, epsilon, decay, hasDecay);
  }
}

/** Four elements of Lion, or the last `rest` (1 to 3). */
// @ts-ignore: decorator
@inline
function lion4(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, rest: usize,
  rate: v128, keep1: v128, take1: v128, keep2: v128, take2: v128, shrink: v128, hasShrink: bool,
): void {
  let p = loadLanes(pOld, rest);
  const g = loadLanes(gradient, rest);
  const m = loadLanes(mOld, rest);
  if (hasShrink) p = f32x4.mul(p, shrink);
  const c = f32x4.add(f32x4.mul(keep1, m), f32x4.mul(take1, g));
  const zero = f32x4.splat(0);
  const up = v128.and(f32x4.gt(c, zero), rate), down = v128.and(f32x4.lt(c, zero), rate);
  storeLanes(mNew, f32x4.add(f32x4.mul(keep2, m), f32x4.mul(take2, g)), rest);
  storeLanes(pNew, f32x4.sub(p, f32x4.sub(up, down)), rest);
}

/** Lion (Chen et al. 2023, arXiv:2302.06675, algorithm 2); n elements. */
export function lion(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, n: usize,
  lr: f64, beta1: f64, beta2: f64, weightDecay: f64,
): void {
  const rate = f32x4.splat(<f32>lr), shrink = f32x4.splat(<f32>(1 - lr * weightDecay));
  const keep1 = f32x4.splat(<f32>beta1), take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2), take2 = f32x4.splat(<f32>(1 - beta2));
  const hasShrink = weightDecay != 0;
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    lion4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, 0, rate, keep1, take1, keep2, take2, shrink, hasShrink,
    );
  }
  if (n & 3) {
    lion4(
      pNew + i, pOld + i, gradient + i, mNew + i, mOld + i, n & 3, rate, keep1, take1, keep2, take2, shrink, hasShrink,
    );
  }
}
