// RMSprop, Adagrad and Lion: parameters and state of one generation + the reduced gradient → those of the next; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;
/** a b + c d, each operation rounded. */
const blend = (a: number, b: number, c: number, d: number): number => fround(fround(a * b) + fround(c * d));

/** The optimizers with one moment, over `views`. */
export function oneMomentOptimizers({ f32 }: Views): Kernels<'rmsprop' | 'adagrad' | 'lion'> {
  function rmsprop(...args: number[]): void {
    const [pNew, pOld, gradient, squareNew, squareOld, meanNew, meanOld, momentumNew, momentumOld] = args
      .slice(0, 9)
      .map((address) => address / 4);
    const [n, lr, alpha, eps, momentum, weightDecay, isCentered] = args.slice(9);
    const [keep, take] = [fround(alpha), fround(1 - alpha)];
    for (let i = 0; i < n; i++) {
      const p = f32[pOld + i];
      let g = f32[gradient + i];
      if (weightDecay !== 0) g = fround(g + fround(fround(weightDecay) * p));
      const square = blend(keep, f32[squareOld + i], take, fround(g * g));
      f32[squareNew + i] = square;
      let variance = square;
      if (isCentered) {
        const mean = blend(keep, f32[meanOld + i], take, g);
        f32[meanNew + i] = mean;
        variance = Math.max(fround(square - fround(mean * mean)), 0);
      }
      let d = fround(g / fround(fround(Math.sqrt(variance)) + fround(eps)));
      if (momentum !== 0) {
        d = fround(fround(fround(momentum) * f32[momentumOld + i]) + d);
        f32[momentumNew + i] = d;
      }
      f32[pNew + i] = p - fround(fround(lr) * d);
    }
  }

  function adagrad(...args: number[]): void {
    const [pNew, pOld, gradient, sumNew, sumOld] = args.slice(0, 5).map((address) => address / 4);
    const [n, lr, eps, weightDecay] = args.slice(5);
    for (let i = 0; i < n; i++) {
      const p = f32[pOld + i];
      let g = f32[gradient + i];
      if (weightDecay !== 0) g = fround(g + fround(fround(weightDecay) * p));
      const sum = fround(f32[sumOld + i] + fround(g * g));
      f32[sumNew + i] = sum;
      f32[pNew + i] = p - fround(fround(lr) * fround(g / fround(fround(Math.sqrt(sum)) + fround(eps))));
    }
  }

  function lion(...args: number[]): void {
    const [pNew, pOld, gradient, mNew, mOld] = args.slice(0, 5).map((address) => address / 4);
    const [n, lr, beta1, beta2, weightDecay] = args.slice(5);
    for (let i = 0; i < n; i++) {
      let p = f32[pOld + i];
      const g = f32[gradient + i];
      const m = f32[mOld + i];
      if (weightDecay !== 0) p = fround(p * fround(1 - lr * weightDecay));
      const c = blend(fround(beta1), m, fround(1 - beta1), g);
      f32[mNew + i] = blend(fround(beta2), m, fround(1 - beta2), g);
      f32[pNew + i] = p - fround(lr) * (Number(c > 0) - Number(c < 0));
    }
  }

  return { rmsprop: withoutResult(rmsprop), adagrad: withoutResult(adagrad), lion: withoutResult(lion) };
}
