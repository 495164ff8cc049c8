// AMSGrad, NAdam, RAdam and LAMB: parameters and moments of one generation + the reduced gradient → those of the next; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The optimizers with two moments beside Adam, over `views`. */
export function twoMomentOptimizers({ f32 }: Views): Kernels<'amsgrad' | 'nadam' | 'radam' | 'lamb'> {
  /** The new moment beta · old + (1 - beta) · x, written. */
  function nextMoment(momentNew: number, momentOld: number, beta: number, x: number): number {
    const moment = fround(fround(fround(beta) * f32[momentOld]) + fround(fround(1 - beta) * x));
    f32[momentNew] = moment;
    return moment;
  }

  /** The gradient with the decay added to it. */
  function decayed(g: number, p: number, decay: number): number {
    return decay === 0 ? g : fround(g + fround(fround(decay) * p));
  }

  function amsgrad(...args: number[]): void {
    const [pNew, pOld, gradient, mNew, mOld, vNew, vOld, mostNew, mostOld] = args.slice(0, 9).map((at) => at / 4);
    const [n, rate, beta1, beta2, eps, decay, shrink] = args.slice(9);
    for (let i = 0; i < n; i++) {
      const g = decayed(f32[gradient + i], f32[pOld + i], decay);
      const p = shrink === 1 ? f32[pOld + i] : fround(f32[pOld + i] * fround(shrink));
      const m = nextMoment(mNew + i, mOld + i, beta1, g);
      const v = nextMoment(vNew + i, vOld + i, beta2, fround(g * g));
      const most = Math.max(f32[mostOld + i], v);
      f32[mostNew + i] = most;
      f32[pNew + i] = p - fround(fround(rate) * fround(m / fround(fround(Math.sqrt(most)) + fround(eps))));
    }
  }

  function nadam(...args: number[]): void {
    const [pNew, pOld, gradient, mNew, mOld, vNew, vOld] = args.slice(0, 7).map((at) => at / 4);
    const [n, gradientRate, momentRate, beta1, beta2, eps, weightDecay, sqrtCorrection2] = args.slice(7);
    for (let i = 0; i < n; i++) {
      const p = f32[pOld + i];
      const g = decayed(f32[gradient + i], p, weightDecay);
      const m = nextMoment(mNew + i, mOld + i, beta1, g);
      const v = nextMoment(vNew + i, vOld + i, beta2, fround(g * g));
      const root = fround(fround(fround(Math.sqrt(v)) / fround(sqrtCorrection2)) + fround(eps));
      const step = fround(fround(fround(gradientRate) * g) + fround(fround(momentRate) * m));
      f32[pNew + i] = p - fround(step / root);
    }
  }

  function radam(...args: number[]): void {
    const [pNew, pOld, gradient, mNew, mOld, vNew, vOld] = args.slice(0, 7).map((at) => at / 4);
    const [n, rate, beta1, beta2, eps, weightDecay, isRectified] = args.slice(7);
    for (let i = 0; i < n; i++) {
      const p = f32[pOld + i];
      const g = decayed(f32[gradient + i], p, weightDecay);
      const m = nextMoment(mNew + i, mOld + i, beta1, g);
      const v = nextMoment(vNew + i, vOld + i, beta2, fround(g * g));
      const step = isRectified ? fround(m / fround(fround(Math.sqrt(v)) + fround(eps))) : m;
      f32[pNew + i] = p - fround(fround(rate) * step);
    }
  }

  /** The 2-norm of n elements, in the order of scaleSquareSum. */
  function norm(x: number, n: number): number {
    const lanes = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) lanes[i % 4] += f32[x + i] * f32[x + i];
    return Math.sqrt(lanes[0] + lanes[2] + (lanes[1] + lanes[3]));
  }

  function lamb(...args: number[]): void {
    const [pNew, pOld, gradient, mNew, mOld, vNew, vOld] = args.slice(0, 7).map((at) => at / 4);
    const [n, lr, beta1, beta2, eps, weightDecay, correction1, sqrtCorrection2] = args.slice(7);
    for (let i = 0; i < n; i++) {
      const g = f32[gradient + i];
      const m = nextMoment(mNew + i, mOld + i, beta1, g);
      const v = nextMoment(vNew + i, vOld + i, beta2, fround(g * g));
      const root = fround(fround(fround(Math.sqrt(v)) / fround(sqrtCorrection2)) + fround(eps));
      const ratio = fround(fround(m / fround(correction1)) / root);
      f32[pNew + i] = ratio + fround(fround(weightDecay) * f32[pOld + i]);
    }
    const [pNorm, uNorm] = [norm(pOld, n), norm(pNew, n)];
    const rate = fround(lr * (pNorm > 0 && uNorm > 0 ? pNorm / uNorm : 1));
    for (let i = 0; i < n; i++) f32[pNew + i] = f32[pOld + i] - fround(rate * f32[pNew + i]);
  }

  return {
    amsgrad: withoutResult(amsgrad),
    nadam: withoutResult(nadam),
    radam: withoutResult(radam),
    lamb: withoutResult(lamb),
  };
}
