// A function and its inputs → whether its gradients are those of central differences. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { tensor } from './creation.ts';
import { valueAndGrad } from './grad.ts';
import { noGrad } from './grad-mode.ts';
import type { Tensor } from './tensor.ts';

/** How gradients are compared. */
export interface GradCheckOptions {
  /** Half the width of a difference, times |x| where that is above 1; 2^-7. */
  readonly eps?: number;
  /** The largest difference that passes, times the larger of the two gradients where that is above 1; 0.002. */
  readonly tolerance?: number;
  /** Whether to throw where it does not pass: true. */
  readonly throws?: boolean;
}

/** What was found; the worst place is that of the largest error. */
export interface GradCheckResult {
  readonly passed: boolean;
  /** The largest |analytic - numeric| / max(1, |analytic|, |numeric|); Infinity where that is no number. */
  readonly maxError: number;
  /** How many numbers were compared. */
  readonly checked: number;
  readonly worst: GradCheckPlace | null;
}

/** One number of an input. */
export interface GradCheckPlace {
  /** Which input, from 0. */
  readonly input: number;
  /** Which of its numbers, row-major. */
  readonly index: number;
  readonly analytic: number;
  readonly numeric: number;
}

// The error of a central difference is about eps² f'''/6 + 2^-24 |f| / eps: near its least for functions of size 1.
const EPS = 2 ** -7;
const TOLERANCE = 2e-3;
// Of a float32.
const UNIT_ROUNDOFF = 2 ** -24;

/**
 * Compares the gradient of `f` by each number of each input with (f(x + eps) - f(x - eps)) / 2 eps, all in float32.
 * `f` gives a single number; where that is far above 1, or f has a kink nearby (relu at 0), a difference says little.
 * @throws ModelError where they differ by more than the tolerance, with input, index and both numbers; not with `throws: false`.
 */
export function gradCheck<const Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
  inputs: Inputs,
  { eps = EPS, tolerance = TOLERANCE, throws = true }: GradCheckOptions = {},
): GradCheckResult {
  const count = Array.isArray(inputs) ? inputs.length : 0;
  if (count === 0) {
    throw new ModelError('gradCheck: expected a list of one input or more, got none; write gradCheck(f, [x])');
  }
  const [value, found] = valueAndGrad(f)(...inputs);
  const gradients = (inputs.length === 1 ? [found] : found) as readonly Tensor[];
  const places = inputs.flatMap((_, input) => comparePlaces(f, inputs, input, gradients[input].data(), eps));
  const worst = places.reduce<GradCheckPlace | null>((a, b) => (a !== null && errorOf(a) >= errorOf(b) ? a : b), null);
  const maxError = worst === null ? 0 : errorOf(worst);
  const passed = maxError <= tolerance;
  if (!passed && throws) throw new ModelError(describeFailure(worst!, maxError, tolerance, value.item(), eps));
  return { passed, maxError, checked: places.length, worst };
}

function comparePlaces<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
  inputs: Inputs,
  input: number,
  analytic: Float32Array,
  eps: number,
): GradCheckPlace[] {
  const { shape } = inputs[input];
  const numbers = inputs[input].data();
  const valueAt = (index: number, x: number): number => {
    const moved = tensor(numbers.with(index, x), { shape });
    return noGrad(() => f(...(inputs.with(input, moved) as readonly Tensor[] as Inputs)).item());
  };
  return Array.from(analytic, (gradient, index) => {
    const x = numbers[index];
    const step = eps * Math.max(1, Math.abs(x));
    // The steps as float32 has them.
    const [above, below] = [Math.fround(x + step), Math.fround(x - step)];
    const numeric = (valueAt(index, above) - valueAt(index, below)) / (above - below);
    return { input, index, analytic: gradient, numeric };
  });
}

/** Infinity for what is no number. */
function errorOf({ analytic, numeric }: GradCheckPlace): number {
  const error = Math.abs(analytic - numeric) / Math.max(1, Math.abs(analytic), Math.abs(numeric));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

function describeFailure(
  { input, index, analytic, numeric }: GradCheckPlace,
  maxError: number,
  tolerance: number,
  value: number,
  eps: number,
): string {
  const resolution = (UNIT_ROUNDOFF * Math.abs(value)) / eps;
  const isCoarse = resolution > tolerance / 4;
  const advice = isCoarse
    ? `f is ${value}, of which float32 tells slopes to about ${resolution.toPrecision(2)}: scale f down, or raise eps or tolerance`
    : 'correct the gradient, or keep inputs away from kinks';
  return `gradCheck: expected gradients of input ${input} within ${tolerance} of central differences, got ${analytic} at index ${index} where the difference gives ${numeric} (error ${maxError.toPrecision(3)}); ${advice}`;
}
