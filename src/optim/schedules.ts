// A schedule's options → the learning rate of each step, in float64 and by our own cos and pow. Pure; any thread.
import { cos, pow, powInteger } from '../kernels/scalar.ts';
import type { ScheduleConfig } from './schedule.schema.ts';

/** Step (from 0) → learning rate: a pure function. */
export type Schedule = (step: number) => number;

type Options<Name extends ScheduleConfig['name']> = Extract<ScheduleConfig, { name: Name }>;

/**
 * The rates of a run of `runSteps` steps whose optimizer has `lr`. Lengths that nothing is said about end with the run. Each schedule
 * gives what PyTorch's of the same name gives; behind its last step the last rate stays, where PyTorch goes back up or refuses.
 */
export function createSchedule(options: ScheduleConfig | undefined, lr: number, runSteps: number): Schedule {
  if (options === undefined) return () => lr;
  const { warmupSteps, warmupStart } = options;
  const after = scheduleAfterWarmup(options, lr, Math.max(1, runSteps - warmupSteps));
  const first = after(0);
  return (step) =>
    step < warmupSteps ? first * (warmupStart + ((1 - warmupStart) * step) / warmupSteps) : after(step - warmupSteps);
}

function scheduleAfterWarmup(options: ScheduleConfig, lr: number, restSteps: number): Schedule {
  switch (options.name) {
    // What evaluations make of it is a factor on top: plateau.ts.
    case 'reduceOnPlateau':
    case 'constant':
      return () => lr;
    case 'step':
      return (step) => lr * powInteger(options.gamma, Math.floor(step / options.stepSize));
    case 'multiStep':
      return (step) => lr * powInteger(options.gamma, options.milestones.filter((from) => step >= from).length);
    case 'exponential':
      return (step) => lr * powInteger(options.gamma, step);
    case 'polynomial':
      return polynomial(options, lr, options.totalSteps ?? restSteps);
    case 'cosine': {
      const length = options.totalSteps ?? restSteps;
      return (step) => anneal(lr, options.minLr, Math.min(step, length) / length);
    }
    case 'warmRestarts':
      return warmRestarts(options, lr);
    case 'oneCycle':
      return oneCycle(options, options.totalSteps ?? restSteps);
  }
}

function polynomial({ power, endLr }: Options<'polynomial'>, lr: number, length: number): Schedule {
  return (step) => endLr + (lr - endLr) * pow(1 - Math.min(step, length) / length, power);
}

// biome-ignore lint/suspicious/noApproximativeNumericConstant: it is Math.PI to the last bit; the check of imports allows none of Math's but exact functions
const PI = 3.141592653589793;

/** From `high` at share 0 to `low` at share 1 along half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5). */
function anneal(high: number, low: number, share: number): number {
  return low + ((high - low) * (1 + cos(PI * share))) / 2;
}

/** Cosine after cosine, the rate back at its highest at the begin of each (the same paper, section 3). */
function warmRestarts({ period, periodMultiplier, minLr }: Options<'warmRestarts'>, lr: number): Schedule {
  return (step) => {
    let length = period;
    let begin = periodMultiplier === 1 ? step - (step % period) : 0;
    while (step - begin >= length) {
      begin += length;
      length *= periodMultiplier;
    }
    return anneal(lr, minLr, (step - begin) / length);
  };
}

/** Up to `maxLr` and far down again (Smith & Topin 2018, arXiv:1708.07120), both along half a cosine, as PyTorch's OneCycleLR. */
function oneCycle(options: Options<'oneCycle'>, length: number): Schedule {
  const { maxLr, percentWarmup, divFactor, finalDivFactor } = options;
  const firstLr = maxLr / divFactor;
  const lastLr = firstLr / finalDivFactor;
  const top = percentWarmup * length - 1;
  const last = length - 1;
  return (step) => {
    if (step < top) return anneal(firstLr, maxLr, step / top);
    return anneal(maxLr, lastLr, (Math.min(step, last) - top) / (last - top));
  };
}
