// C = act(C [+ bias]) row by row: what follows a product; any thread.
import { relu, sigmoidOf, tanhOf } from './scalar-functions.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** What `activation` counts: none, ReLU, tanh, logistic. */
const ACTIVATIONS = [(x: number): number => x, relu, tanhOf, sigmoidOf];

/** The pass over `views`. */
export function biasActivationKernels({ f32 }: Views): Kernels<'biasActivation'> {
  function biasActivation(...[c, m, n, ldc, bias, activation]: number[]): void {
    const activate = ACTIVATIONS[activation];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const at = c / 4 + i * ldc + j;
        f32[at] = activate(bias === 0 ? f32[at] : fround(f32[at] + f32[bias / 4 + j]));
      }
    }
  }
  return { biasActivation: withoutResult(biasActivation) };
}
