// Parameters and optimizer state of one generation + the reduced gradient → those of the next, element by element; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The optimizers over `views`. */
export function optimizerKernels({ f32 }: Views): Kernels<'sgd' | 'adam'> {
  /** a b + c d, each operation rounded. */
  const blend = (a: number, b: number, c: number, d: number): number => fround(fround(a * b) + fround(c * d));

  function sgd(...args: number[]): void {
    const [pNew, pOld, gradient, momentumNew, momentumOld, n] = args
      .slice(0, 6)
      .map((address, i) => (i < 5 ? address / 4 : address));
    const [lr, momentum, dampening, nesterov, weightDecay, isFirstStep] = args.slice(6);
    const keep = fround(momentum);
    for (let i = 0; i < n; i++) {
      const p = f32[pOld + i];
      let g = f32[gradient + i];
      if (weightDecay !== 0) g = fround(g + fround(fround(weightDecay) * p));
      if (momentum !== 0) {
        const v = isFirstStep ? g : blend(keep, f32[momentumOld + i], fround(1 - dampening), g);
        f32[momentumNew + i] = v;
        g = nesterov ? fround(g + fround(keep * v)) : v;
      }
      f32[pNew + i] = p - fround(fround(lr) * g);
    }
  }

  function adam(...args: number[]): void {
    const [pNew, pOld, gradient, mNew, mOld, vNew, vOld] = args.slice(0, 7).map((address) => address / 4);
    const [n, lr, beta1, beta2, eps, weightDecay, isDecoupled, correction1, sqrtCorrection2] = args.slice(7);
    const rate = fround(lr / correction1);
    for (let i = 0; i < n; i++) {
      let p = f32[pOld + i];
      let g = f32[gradient + i];
      if (weightDecay !== 0 && !isDecoupled) g = fround(g + fround(fround(weightDecay) * p));
      if (weightDecay !== 0 && isDecoupled) p = fround(p * fround(1 - lr * weightDecay));
      const m = blend(fround(beta1), f32[mOld + i], fround(1 - beta1), g);
      const v = blend(fround(beta2), f32[vOld + i], fround(1 - beta2), fround(g * g));
      f32[mNew + i] = m;
      f32[vNew + i] = v;
      const root = fround(fround(fround(Math.sqrt(v)) / fround(sqrtCorrection2)) + fround(eps));
      f32[pNew + i] = p - fround(rate * fround(m / root));
    }
  }

  return { sgd: withoutResult(sgd), adam: withoutResult(adam) };
}
