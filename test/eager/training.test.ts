import { describe, expect, it } from 'vitest';
import { compiledStructures } from '#src/eager/evaluate.js';
import { crossEntropy, mse, noGrad, randn, type Tensor, tensor, zeros } from '#src/index.js';
import { expectClose } from '../plan/expect-close.ts';
import { runScript } from './run-script.ts';

function step(weights: readonly Tensor[], loss: Tensor, lr: number): void {
  for (const weight of weights) weight.zeroGrad();
  loss.backward();
  noGrad(() => {
    for (const weight of weights) weight.assign(weight.sub(weight.grad!.mul(lr)));
  });
}

describe('gradient descent by hand', () => {
  it('finds the least squares line, which is known in closed form', () => {
    const [xs, ys] = [
      [0, 1, 2, 3, 4],
      [1.2, 2.9, 5.1, 6.8, 9.4],
    ];
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
    const covariance = mean(xs.map((x, i) => (x - mean(xs)) * (ys[i] - mean(ys))));
    const slope = covariance / mean(xs.map((x) => (x - mean(xs)) ** 2));
    const intercept = mean(ys) - slope * mean(xs);

    const [x, y] = [tensor(xs), tensor(ys)];
    const [a, b] = [tensor(0, { requiresGrad: true }), tensor(0, { requiresGrad: true })];
    for (let i = 0; i < 1000; i++) step([a, b], mse(x.mul(a).add(b), y), 0.1);
    // Where the gradient vanishes in float32: about 10 roundings of numbers up to 10, over a curvature of about 1.
    expect(Math.abs(a.item() - slope)).toBeLessThan(5e-6);
    expect(Math.abs(b.item() - intercept)).toBeLessThan(1e-5);
  });

  it('learns XOR with one hidden layer', () => {
    const x = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const labels = [0, 1, 1, 0];
    const weights = [
      randn([8, 2], { seed: 1, requiresGrad: true }),
      zeros([8], { requiresGrad: true }),
      randn([2, 8], { seed: 2, requiresGrad: true }),
      zeros([2], { requiresGrad: true }),
    ];
    const [w1, b1, w2, b2] = weights;
    const logits = (): Tensor => x.dense(w1, b1).tanh().dense(w2, b2);
    const first = crossEntropy(logits(), labels).item();
    for (let i = 0; i < 500; i++) step(weights, crossEntropy(logits(), labels), 0.5);
    const scores = logits().toArray() as number[][];
    expect(scores.map(([no, yes]) => Number(yes > no))).toEqual(labels);
    expect(first).toBeGreaterThan(0.5);
    expect(crossEntropy(logits(), labels).item()).toBeLessThan(0.01);
  });

  it('compiles each structure once, whatever the numbers are, and keeps a bounded number of them', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const oneStep = (lr: number): void => step([w], w.square().sum(), lr);
    oneStep(0.01);
    oneStep(0.01);
    const before = compiledStructures();
    for (let i = 0; i < 100; i++) oneStep(0.01 / (i + 1));
    expect(compiledStructures()).toBe(before);
    for (let i = 1; i < 400; i++) zeros([i]).add(1).data();
    expect(compiledStructures()).toBe(256);
    oneStep(0.01);
    // Compiled anew, it still gives 2 w of the weights before the step, which took 2 % of them off.
    expectClose(
      w.grad!.data(),
      w.data().map((x) => (2 * x) / 0.98),
      { relative: 1e-6, ofLargest: 0 },
    );
  });
});

describe('memory', () => {
  // Each in a process of its own, so that nothing else is on the heap; what remains after a collection counts.
  const growth = (setup: string, stepText: string): number => {
    const script = `
      import { crossEntropy, noGrad, randn, tensor, zeros } from 'lockstep';
      ${setup}
      const used = () => { gc(); gc(); const { heapUsed, arrayBuffers } = process.memoryUsage(); return heapUsed + arrayBuffers; };
      const run = (steps) => { for (let i = 0; i < steps; i++) { ${stepText} } };
      run(2000);
      const before = used();
      run(10000);
      console.log(used() - before);
    `;
    const { stdout, stderr } = runScript(script, ['--expose-gc']);
    expect(stderr).toBe('');
    return Number(stdout);
  };
  // 100 bytes a step: an expression that is kept is at least 300. The engine's own heap moves by some 100 kB.
  const MOST_GROWTH = 1_000_000;

  it('does not grow over 10,000 steps of training', () => {
    const grown = growth(
      `const x = randn([4, 2], { seed: 1 });
       const [w, b] = [randn([3, 2], { seed: 2, requiresGrad: true }), zeros([3], { requiresGrad: true })];
       let mean = tensor(0);`,
      `w.zeroGrad(); b.zeroGrad();
       const loss = crossEntropy(x.dense(w, b), [0, 1, 2, 1]);
       loss.backward();
       noGrad(() => { for (const p of [w, b]) p.assign(p.sub(p.grad.mul(0.1))); });
       mean = mean.mul(0.99).add(loss.detach().mul(0.01));`,
    );
    expect(grown).toBeLessThan(MOST_GROWTH);
  });

  it('does not grow over 10,000 steps of a mean that nobody looks at', () => {
    expect(growth('let mean = tensor([1, 2]);', 'mean = mean.mul(0.99).add(0.01);')).toBeLessThan(MOST_GROWTH);
  });

  it('does not grow over 10,000 gradients that add up and that nobody looks at', () => {
    const setup = 'const w = tensor([1, 2], { requiresGrad: true });';
    expect(growth(setup, 'w.mul(0.001).sum().backward();')).toBeLessThan(MOST_GROWTH);
  });
});

describe('large tensors', () => {
  it('make the memory grow, and small ones are right before and after', () => {
    const small = (): number =>
      tensor([1, 2])
        .mul(tensor([3, 4]))
        .sum()
        .item();
    expect(small()).toBe(11);
    const n = 1_000_003;
    expect(tensor(new Float32Array(n).fill(1)).mul(2).sum().item()).toBe(2 * n);
    expect(small()).toBe(11);
  });
});
