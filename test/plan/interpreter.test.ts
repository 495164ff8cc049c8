import { describe, expect, it } from 'vitest';
import { KERNEL_NAMES, type Kernel, type KernelName, type KernelSet } from '#src/kernels/kernel-set.js';
import { createInterpreter } from '#src/plan/interpreter.js';
import { type Arg, type Call, ENV, ENV_LENGTH } from '#src/plan/plan.js';

/** Kernels that note what they are called with. */
function recordingKernels(): { kernels: KernelSet; calls: [string, number[]][] } {
  const calls: [string, number[]][] = [];
  const entries = KERNEL_NAMES.map((name): [KernelName, Kernel] => [name, (...args) => calls.push([name, args])]);
  return { kernels: { backend: 'recording', kernels: Object.fromEntries(entries) as KernelSet['kernels'] }, calls };
}

const call = (kernel: KernelName, ...args: Arg[]): Call => ({ kernel, args, label: `${kernel} of a test`, out: null });

describe('createInterpreter', () => {
  it('passes env[slot] · multiplier + offset, in order, with the env of the moment', () => {
    const { kernels, calls } = recordingKernels();
    const env = new Float64Array(ENV_LENGTH);
    const interpreter = createInterpreter(
      [
        call('relu', [ENV.activations, 1, 64], [ENV.zero, 0, 0.5], [ENV.rows, 10, 0]),
        call('copy', [ENV.parameters, 1, 0]),
      ],
      kernels,
      env,
    );
    env[ENV.activations] = 4_000_000_000;
    env[ENV.rows] = 7;
    interpreter.run();
    env[ENV.rows] = 3;
    env[ENV.parameters] = 100;
    interpreter.run();
    expect(calls).toEqual([
      ['relu', [4_000_000_064, 0.5, 70]],
      ['copy', [0]],
      ['relu', [4_000_000_064, 0.5, 30]],
      ['copy', [100]],
    ]);
  });

  it('passes every number of arguments from 1 to 16', () => {
    const { kernels, calls } = recordingKernels();
    const lists = Array.from({ length: 16 }, (_, i) => Array.from({ length: i + 1 }, (__, j): Arg => [0, 0, j]));
    createInterpreter(
      lists.map((args) => call('gemm', ...args)),
      kernels,
      new Float64Array(ENV_LENGTH),
    ).run();
    expect(calls.map(([, args]) => args)).toEqual(lists.map((args) => args.map(([, , value]) => value)));
  });

  it('stops between two calls when told to, and says at which', () => {
    const { kernels, calls } = recordingKernels();
    const list = [call('relu', [0, 0, 1]), call('tanh', [0, 0, 1]), call('exp', [0, 0, 1])];
    const interpreter = createInterpreter(list, kernels, new Float64Array(ENV_LENGTH));
    expect(interpreter.run(() => calls.length === 1)).toBe(false);
    expect(calls.map(([name]) => name)).toEqual(['relu']);
    expect(interpreter.current()).toBe('tanh of a test');
    expect(interpreter.run(() => false)).toBe(true);
    expect(interpreter.current()).toBe('exp of a test');
  });

  it('names the call that threw', () => {
    const { kernels } = recordingKernels();
    const throwing = {
      ...kernels.kernels,
      tanh: () => {
        throw new Error('no');
      },
    };
    const list = [call('relu', [0, 0, 1]), call('tanh', [0, 0, 1])];
    const interpreter = createInterpreter(list, { ...kernels, kernels: throwing }, new Float64Array(ENV_LENGTH));
    expect(() => interpreter.run()).toThrow('no');
    expect(interpreter.current()).toBe('tanh of a test');
  });

  it.each<[string, Call, string]>([
    [
      'a kernel that does not exist',
      call('winograd' as KernelName, [0, 0, 1]),
      "plan: expected a kernel of backend recording, got 'winograd'; compile the plan again",
    ],
    ['a call without arguments', call('relu'), 'plan: expected 1 to 16 arguments for relu, got 0; compile it again'],
  ])('refuses %s', (_title, wrong, message) => {
    const { kernels } = recordingKernels();
    expect(() => createInterpreter([wrong], kernels, new Float64Array(ENV_LENGTH))).toThrow(message);
  });

  it('refuses an env of another length', () => {
    const { kernels } = recordingKernels();
    expect(() => createInterpreter([], kernels, new Float64Array(3))).toThrow(
      'interpreter: expected an env of 19 numbers, got 3; make it with ENV_LENGTH',
    );
  });
});
