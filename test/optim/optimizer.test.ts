// The optimizers: hand-worked steps, and what the engine relies on: pure, element by element, the same bits on both portable backends.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OptimizerConfig, optimizerSchema } from '#src/optim/optim.schema.js';
import { createOptimizer } from '#src/optim/optimizer.js';
import { randomNumbers } from '../graph/op-cases.ts';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, type Backend, openKernels } from '../plan/plan-bench.ts';

const FIRST_BYTE = 65_536;
const options = (keys: Record<string, unknown>): OptimizerConfig => optimizerSchema.parse(keys);

/** New parameters and states, from old ones, in a memory of their own; `split` does the range in two parts. */
function update(
  backend: Backend,
  config: OptimizerConfig,
  step: number,
  old: readonly ArrayLike<number>[],
  gradient: ArrayLike<number>,
  split = 0,
): number[][] {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  const { kernels } = openKernels(backend, memory);
  const optimizer = createOptimizer(config);
  const elements = gradient.length;
  const arrays = 1 + optimizer.states.length;
  // Odd places, one element apart: nothing may rely on 16-byte alignment, or write behind its end.
  const at = (array: number): number => FIRST_BYTE + array * (elements + 1) * 4;
  const view = (array: number): Float32Array => new Float32Array(memory.buffer, at(array), elements + 1);
  for (let array = 0; array <= 2 * arrays; array++) view(array)[elements] = 77;
  for (let array = 0; array < arrays; array++) view(array).set(old[array]);
  view(2 * arrays).set(gradient);
  for (const [begin, end] of split > 0
    ? [
        [0, split],
        [split, elements],
      ]
    : [[0, elements]]) {
    const place = (first: number) => Float64Array.from({ length: arrays }, (_, i) => at(first + i) + begin * 4);
    optimizer.update(kernels, {
      step,
      lr: config.lr,
      weightDecay: config.weightDecay,
      elements: end - begin,
      gradient: at(2 * arrays) + begin * 4,
      from: place(0),
      to: place(arrays),
    });
  }
  for (let array = 0; array <= 2 * arrays; array++) expect(view(array)[elements]).toBe(77);
  for (let array = 0; array < arrays; array++)
    expect([...view(array).subarray(0, elements)]).toEqual(Array.from(old[array]));
  return Array.from({ length: arrays }, (_, array) => [...view(arrays + array).subarray(0, elements)]);
}

describe.each(BACKENDS)('on %s, by hand', (backend) => {
  // Halves and quarters: exact in float32, so equality is asked for.
  it('sgd takes lr times the gradient, the decay added to it: 2 − 0.5 · (1 + 0.25 · 2)', () => {
    expect(update(backend, options({ name: 'sgd', lr: 0.5 }), 0, [[2]], [1])).toEqual([[1.5]]);
    expect(update(backend, options({ name: 'sgd', lr: 0.5, weightDecay: 0.25 }), 0, [[2]], [1])).toEqual([[1.25]]);
  });

  it('momentum begins with the whole gradient, dampening comes later', () => {
    const config = options({ name: 'sgd', lr: 0.5, momentum: 0.5, dampening: 0.75 });
    expect(update(backend, config, 0, [[2], [123]], [1])).toEqual([[1.5], [1]]);
    // v = 0.5 · 1 + 0.25 · 1
    expect(update(backend, config, 1, [[1.5], [1]], [1])).toEqual([[1.125], [0.75]]);
  });

  it('nesterov looks ahead: g + 0.5 v', () => {
    const config = options({ name: 'sgd', lr: 0.5, momentum: 0.5, nesterov: true });
    expect(update(backend, config, 0, [[2], [123]], [1])).toEqual([[1.25], [1]]);
    expect(update(backend, config, 1, [[1.25], [1]], [1])).toEqual([[0.375], [1.5]]);
  });

  // Four roundings of 2^-24 each at most.
  const bound = { relative: 2 ** -22, ofLargest: 0 };

  it('adam’s first step is lr · g / (|g| + eps): eps stands outside the corrected root', () => {
    const first = update(backend, options({ name: 'adam', lr: 0.1, eps: 0 }), 0, [[1], [0], [0]], [0.5]);
    expectClose(first.flat(), [0.9, 0.05, 0.00025], bound);
    const [p] = update(backend, options({ name: 'adam', lr: 0.1, eps: 0.5 }), 0, [[1], [0], [0]], [0.5]);
    expectClose(p, [0.95], bound);
  });

  it('adam’s second step corrects both moments by 1 − beta²', () => {
    const config = options({ name: 'adam', lr: 0.1, beta1: 0.5, beta2: 0.75, eps: 0 });
    // m = 0.5 · 1 + 0.5 · 3 = 2, / 0.75; v = 0.75 · 4 + 0.25 · 9 = 5.25, / 0.4375 = 12.
    const second = update(backend, config, 1, [[1], [1], [4]], [3]);
    expectClose(second.flat(), [1 - (0.1 * (2 / 0.75)) / Math.sqrt(12), 2, 5.25], bound);
  });

  it('adam decays through the gradient, adamw beside it: 1 · (1 − 0.1 · 0.01) − 0.1', () => {
    const decayed = (name: string) =>
      update(backend, options({ name, lr: 0.1, eps: 0, weightDecay: 0.01 }), 0, [[1], [0], [0]], [0.5]);
    expectClose(decayed('adam').flat(), [0.9, 0.051, 0.001 * 0.51 ** 2], bound);
    expectClose(decayed('adamw').flat(), [0.899, 0.05, 0.00025], bound);
  });
});

const anyOptimizer = fc.oneof(
  fc.record({
    name: fc.constant('sgd'),
    lr: fc.constantFrom(0, 0.1),
    momentum: fc.constantFrom(0, 0.9),
    dampening: fc.constantFrom(0, 0.3),
    weightDecay: fc.constantFrom(0, 0.01),
  }),
  fc.record({
    name: fc.constantFrom('adam', 'adamw'),
    lr: fc.constantFrom(0.001, 0.1),
    beta1: fc.constantFrom(0, 0.9),
    eps: fc.constantFrom(1e-8, 1e-3),
    weightDecay: fc.constantFrom(0, 0.1),
    amsgrad: fc.boolean(),
  }),
  fc.record({
    name: fc.constantFrom('nadam', 'radam'),
    lr: fc.constantFrom(0.001, 0.1),
    beta2: fc.constantFrom(0, 0.9, 0.999),
    weightDecay: fc.constantFrom(0, 0.1),
  }),
  fc.record({
    name: fc.constant('rmsprop'),
    momentum: fc.constantFrom(0, 0.9),
    centered: fc.boolean(),
    weightDecay: fc.constantFrom(0, 0.1),
  }),
  fc.record({ name: fc.constant('adagrad'), lrDecay: fc.constantFrom(0, 0.1), weightDecay: fc.constantFrom(0, 0.1) }),
  fc.record({ name: fc.constantFrom('lamb', 'lion'), lr: fc.constantFrom(0.001, 0.1), beta1: fc.constantFrom(0, 0.9) }),
);
// 0, 1, lanes − 1, lanes, lanes + 1, a large odd one.
const COUNTS = [0, 1, 3, 4, 5, 1037];

describe('the optimizers', () => {
  it('give the same bits on every backend, and in two parts as in one', () => {
    const cases = fc.record({
      keys: anyOptimizer,
      step: fc.constantFrom(0, 1, 999),
      elements: fc.constantFrom(...COUNTS),
      split: fc.integer({ min: 0, max: 1037 }),
    });
    fc.assert(
      fc.property(cases, ({ keys, step, elements, split }) => {
        const config = options(keys);
        const random = (seed: number, low = -1) => Float32Array.from(randomNumbers(elements, low, 1, seed));
        // Moments of squares are never negative.
        const { states, needsWholeParameters } = createOptimizer(config);
        const isPositive = (state: string): boolean => /^second|^square|^largest/.test(state);
        const old = [random(1), ...states.map((state, i) => random(2 + i, isPositive(state) ? 0 : -1))];
        const gradient = random(9);
        const [first, ...others] = BACKENDS.map((backend) => update(backend, config, step, old, gradient));
        // The reference rounds every operation as float32 and takes no transcendental: bit-equal.
        for (const other of others) expect(other).toEqual(first);
        if (needsWholeParameters) return;
        expect(update('simd', config, step, old, gradient, Math.min(split, elements))).toEqual(first);
      }),
      { numRuns: 150 },
    );
  });

  it('name the states that they need', () => {
    const statesOf = (keys: Record<string, unknown>) => createOptimizer(options(keys)).states;
    expect(statesOf({ name: 'sgd' })).toEqual([]);
    expect(statesOf({ name: 'sgd', momentum: 0.9 })).toEqual(['momentum']);
    expect(statesOf({ name: 'adam' })).toEqual(['firstMoment', 'secondMoment']);
    expect(statesOf({ name: 'adamw' })).toEqual(['firstMoment', 'secondMoment']);
    expect(statesOf({ name: 'adam', amsgrad: true })).toEqual(['firstMoment', 'secondMoment', 'largestSecondMoment']);
    expect(statesOf({ name: 'rmsprop' })).toEqual(['squareAverage']);
    expect(statesOf({ name: 'rmsprop', centered: true, momentum: 0.9 })).toEqual([
      'squareAverage',
      'gradientAverage',
      'momentum',
    ]);
    expect(statesOf({ name: 'lion' })).toEqual(['momentum']);
  });

  it('have PyTorch’s defaults', () => {
    // torch.optim's signatures; SGD's lr has no default there.
    expect(options({ name: 'sgd' })).toMatchObject({ momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 });
    const adam = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 };
    expect(options({})).toEqual({ name: 'adam', ...adam, weightDecay: 0, amsgrad: false });
    expect(options({ name: 'adamw' })).toEqual({ name: 'adamw', ...adam, weightDecay: 0.01, amsgrad: false });
    expect(options({ name: 'nadam' })).toEqual({
      ...{ name: 'nadam', ...adam, lr: 2e-3 },
      ...{ weightDecay: 0, momentumDecay: 4e-3 },
    });
    expect(options({ name: 'radam' })).toEqual({ name: 'radam', ...adam, weightDecay: 0 });
    const rmsprop = { lr: 0.01, alpha: 0.99, eps: 1e-8, momentum: 0, centered: false, weightDecay: 0 };
    expect(options({ name: 'rmsprop' })).toEqual({ name: 'rmsprop', ...rmsprop });
    const adagrad = { lr: 0.01, lrDecay: 0, initialAccumulator: 0, eps: 1e-10, weightDecay: 0 };
    expect(options({ name: 'adagrad' })).toEqual({ name: 'adagrad', ...adagrad });
  });

  it.each([
    [{ name: 'sgd', nesterov: true }],
    [{ name: 'sgd', nesterov: true, momentum: 0.9, dampening: 0.1 }],
    [{ name: 'adam', beta2: 1 }],
    [{ name: 'adam', momentum: 0.9 }],
    [{ name: 'rmsprop', beta1: 0.9 }],
    [{ name: 'lars' }],
    [{ groups: [{ match: '' }] }],
  ])('refuse %j', (keys) => {
    expect(optimizerSchema.safeParse(keys).success).toBe(false);
  });
});

/** The same training of one tensor in float64, from the papers' algorithms; the gradient is p − goal. */
function float64Loop(
  config: OptimizerConfig,
  start: readonly number[],
  goal: readonly number[],
  steps: number,
): number[] {
  const { lr, weightDecay } = config;
  const { beta1, beta2 } = config as { beta1: number; beta2: number };
  const p = [...start];
  const m = p.map(() => 0);
  const v = p.map(() => 0);
  const norm = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  for (let t = 1; t <= steps; t++) {
    const g = p.map((value, i) => value - goal[i]);
    if (config.name === 'lion') {
      g.forEach((value, i) => {
        const c = beta1 * m[i] + (1 - beta1) * value;
        p[i] -= lr * (Math.sign(c) + weightDecay * p[i]);
        m[i] = beta2 * m[i] + (1 - beta2) * value;
      });
      continue;
    }
    const u = g.map((value, i) => {
      m[i] = beta1 * m[i] + (1 - beta1) * value;
      v[i] = beta2 * v[i] + (1 - beta2) * value * value;
      return m[i] / (1 - beta1 ** t) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + 1e-6) + weightDecay * p[i];
    });
    const trust = norm(p) > 0 && norm(u) > 0 ? norm(p) / norm(u) : 1;
    for (let i = 0; i < p.length; i++) p[i] -= lr * trust * u[i];
  }
  return p;
}

describe.each(BACKENDS)('lamb and lion on %s', (backend) => {
  it.each([
    [{ name: 'lamb', lr: 0.05 }],
    [{ name: 'lamb', lr: 0.01, weightDecay: 0 }],
    [{ name: 'lion', lr: 0.01 }],
    [{ name: 'lion', lr: 0.01, weightDecay: 0.1 }],
  ])('%j goes the way of a float64 loop for 20 steps', (keys) => {
    const config = options(keys);
    const start = randomNumbers(37, -1, 1, 5).map(Math.fround);
    // Far enough for lion's signs: nobody gets there in 20 steps, so no sign hangs on a rounding.
    const goal = randomNumbers(37, 1, 2, 6).map((x, i) => Math.fround(i % 2 === 0 ? x + 1 : -x - 1));
    let arrays: ArrayLike<number>[] = [start, ...createOptimizer(config).states.map(() => new Float32Array(37))];
    for (let step = 0; step < 20; step++) {
      const p = arrays[0];
      arrays = update(
        backend,
        config,
        step,
        arrays,
        Array.from(p, (value, i) => value - goal[i]),
      );
    }
    // Some roundings of 2^-24 a step.
    expectClose(arrays[0], float64Loop(config, start, goal, 20), { relative: 1e-5, ofLargest: 1e-6 });
  });
});

it('nadam’s product of momenta does not depend on which steps a worker did before', () => {
  const config = options({ name: 'nadam', lr: 0.01 });
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const { kernels } = openKernels('simd', memory);
  const rates: number[][] = [];
  const watched = { ...kernels, nadam: (...args: number[]) => rates.push(args.slice(8, 10)) };
  const at = Float64Array.from([0, 0, 0]);
  const run = (optimizer: ReturnType<typeof createOptimizer>, step: number): number[] => {
    optimizer.update(watched, { step, lr: 0.01, weightDecay: 0, elements: 0, gradient: 0, from: at, to: at });
    return rates.pop()!;
  };
  const steady = createOptimizer(config);
  const expected = Array.from({ length: 50 }, (_, step) => run(steady, step));
  for (const step of [0, 1, 7, 49]) expect(run(createOptimizer(config), step)).toEqual(expected[step]);
  const jumping = createOptimizer(config);
  for (const step of [40, 3, 3, 49, 0]) expect(run(jumping, step)).toEqual(expected[step]);
  // 1 − the product is 1 after some hundred steps, and the rates are lr (1 − μ) and lr μ.
  const [gradientRate, momentRate] = run(createOptimizer(config), 1e9);
  expect(gradientRate).toBeCloseTo(0.01 * 0.1, 12);
  expect(momentRate).toBeCloseTo(0.01 * 0.9, 12);
});
