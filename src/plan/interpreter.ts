// Runs a list of kernel calls on shared memory: a worker's inner loop, also the coordinator's in tests.
import type { Kernel, KernelSet } from '../kernels/kernel-set.ts';
import { CALLERS, type KernelCaller, MOST_ARGUMENTS } from './kernel-callers.ts';
import { type Call, ENV_LENGTH } from './plan.ts';

/** A list of calls made ready to run as often as wanted. */
export interface Interpreter {
  /**
   * Runs the calls in order with the `env` of this moment; between calls it asks `shouldStop`, if given, whether to give up.
   * @returns whether all calls ran.
   */
  run(shouldStop?: () => boolean): boolean;
  /** The label of the call that is running, that threw, or before which `run` gave up; after a whole run the last one's. */
  current(): string;
}

/**
 * Prepares calls for one thread: kernels are looked up once, arguments lie in flat typed arrays, a run allocates nothing.
 * @param env `ENV_LENGTH` numbers, indexed by `ENV`; the caller changes them in place between runs.
 * @throws where a kernel does not exist in the set: the plan is of another version.
 */
export function createInterpreter(calls: readonly Call[], kernels: KernelSet, env: Float64Array): Interpreter {
  if (env.length !== ENV_LENGTH) {
    throw new Error(
      `interpreter: expected an env of ${ENV_LENGTH} numbers, got ${env.length}; make it with ENV_LENGTH`,
    );
  }
  const functions = calls.map((call) => resolveKernel(call, kernels));
  const callers = calls.map(resolveCaller);
  const starts = argumentStarts(calls);
  const args = calls.flatMap((call) => call.args);
  const slots = Uint8Array.from(args, ([slot]) => slot);
  const multipliers = Float64Array.from(args, ([, multiplier]) => multiplier);
  const offsets = Float64Array.from(args, ([, , offset]) => offset);
  const values = new Float64Array(MOST_ARGUMENTS);
  let index = 0;

  function run(shouldStop?: () => boolean): boolean {
    for (index = 0; index < functions.length; index++) {
      if (shouldStop?.()) return false;
      const start = starts[index];
      const end = starts[index + 1];
      for (let i = start; i < end; i++) values[i - start] = env[slots[i]] * multipliers[i] + offsets[i];
      callers[index](functions[index], values);
    }
    return true;
  }

  function current(): string {
    return calls[Math.min(index, calls.length - 1)]?.label ?? 'no call';
  }

  return { run, current };
}

function resolveKernel(call: Call, kernels: KernelSet): Kernel {
  const kernel = kernels.kernels[call.kernel];
  if (kernel === undefined) {
    throw new Error(
      `plan: expected a kernel of backend ${kernels.backend}, got '${call.kernel}'; compile the plan again`,
    );
  }
  return kernel;
}

function resolveCaller({ kernel, args }: Call): KernelCaller {
  const caller = CALLERS[args.length];
  if (caller === undefined) {
    throw new Error(
      `plan: expected 1 to ${MOST_ARGUMENTS} arguments for ${kernel}, got ${args.length}; compile it again`,
    );
  }
  return caller;
}

function argumentStarts(calls: readonly Call[]): Uint32Array {
  const starts = new Uint32Array(calls.length + 1);
  calls.forEach((call, i) => {
    starts[i + 1] = starts[i] + call.args.length;
  });
  return starts;
}
