// Lifetimes and places of buffers, as properties of random dense stacks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePlan } from '#src/plan/compile.js';
import { ENV, type Plan, type PlanBuffer } from '#src/plan/plan.js';
import { denseStack, randomizeParameters, randomSamples, type Stack } from './dense-stack.ts';
import { BACKENDS, PlanBench } from './plan-bench.ts';

const rowsAtOnce = fc.oneof(fc.constant('auto' as const), fc.integer({ min: 1, max: 50 }));

const compile = ({ model, spec }: Stack, microBatch: 'auto' | number): Plan =>
  compilePlan(model, { numerics: 'portable', microBatch, largestShardRows: spec.samples, dataset: spec });

const overlap = (a: number, aEnd: number, b: number, bEnd: number): boolean => a < bEnd && b < aEnd;

function areBothLive(a: PlanBuffer, b: PlanBuffer): boolean {
  return overlap(a.firstCall, a.lastCall + 1, b.firstCall, b.lastCall + 1);
}

describe('buffers', () => {
  it('do not overlap while both are in use, lie in the region, and begin on cache lines', () => {
    fc.assert(
      fc.property(denseStack, rowsAtOnce, (stack, microBatch) => {
        const { buffers, activationBytes } = compile(stack, microBatch);
        for (const buffer of buffers) {
          expect(buffer.byteOffset % 64).toBe(0);
          expect(buffer.byteOffset + buffer.byteLength).toBeLessThanOrEqual(activationBytes);
        }
        const pairs = buffers.flatMap((a, i) => buffers.slice(i + 1).map((b) => [a, b] as const));
        for (const [a, b] of pairs.filter(([a, b]) => areBothLive(a, b))) {
          const isShared = overlap(
            a.byteOffset,
            a.byteOffset + a.byteLength,
            b.byteOffset,
            b.byteOffset + b.byteLength,
          );
          expect(isShared, `${a.name} and ${b.name}`).toBe(false);
        }
      }),
    );
  });

  it('are live in every call that names an address in them', () => {
    fc.assert(
      fc.property(denseStack, rowsAtOnce, (stack, microBatch) => {
        const { train, buffers } = compile(stack, microBatch);
        [...train.gather, ...train.forward, ...train.backward].forEach(({ args, label }, call) => {
          for (const [slot, , offset] of args.filter(([name]) => name === ENV.activations)) {
            const live = buffers.filter(
              ({ byteOffset, firstCall, lastCall }) => byteOffset === offset && firstCall <= call && call <= lastCall,
            );
            expect(live, `${label}: ${slot} ${offset}`).toHaveLength(1);
          }
        });
      }),
    );
  });

  it('hold all that kernels write: no byte outside the regions and no padding of a gradient changes, on any backend', () => {
    fc.assert(
      fc.property(denseStack, rowsAtOnce, (stack, microBatch) => {
        const plan = compile(stack, microBatch);
        for (const backend of BACKENDS) {
          const bench = new PlanBench(plan, randomSamples(stack.spec), backend);
          randomizeParameters(bench);
          const ids = [...Array(stack.spec.samples).keys()];
          bench.evaluate(ids);
          bench.train(ids);
          expect(bench.brokenGuards()).toEqual([]);
          // Memory held NaNs before: what is a number now was assigned, by numbers.
          for (const { name } of plan.parameters) expect(bench.gradient(name).every(Number.isFinite), name).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });
});
