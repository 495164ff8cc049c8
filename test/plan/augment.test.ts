// Augmentation in a plan: in training only, in the order of the list; mixtures against float64 loops with draws of their own.
import { describe, expect, it } from 'vitest';
import type { Augmentation } from '#src/data/augment.schema.js';
import { dataSchema } from '#src/data/data.schema.js';
import type { DatasetSpec } from '#src/data/source.js';
import { philox4x32 } from '#src/kernels/philox.js';
import { buildModel } from '#src/nn/build-model.js';
import { compilePlan } from '#src/plan/compile.js';
import { expectClose } from './expect-close.ts';
import { BACKENDS, PlanBench } from './plan-bench.ts';

const [SAMPLES, CLASSES, SIDE] = [9, 3, 4];
const PIXELS = SIDE * SIDE;

function specWith(augment: object[] | undefined): DatasetSpec {
  const data = dataSchema.parse({ source: 'digits', augment });
  return {
    name: 'small',
    samples: SAMPLES,
    input: { shape: [1, SIDE, SIDE], storage: 'u8', divisor: 255 },
    target: { kind: 'class', storage: 'u8', classes: CLASSES },
    augment: data.augment as readonly Augmentation[],
  };
}

function compile(
  augment: object[] | undefined,
  loss: Parameters<typeof buildModel>[1] = 'crossEntropy',
  microBatch = 4,
) {
  const spec = specWith(augment);
  const model = buildModel([{ dense: CLASSES, activation: 'none', bias: true }], loss, spec);
  return compilePlan(model, { numerics: 'portable', microBatch, largestShardRows: SAMPLES, dataset: spec });
}

const ALL = [
  { flip: 'horizontal' },
  { crop: 1 },
  { shift: 0.25 },
  { rotate: 10 },
  { scale: 0.1 },
  { cutout: 2 },
  { noise: 0.1 },
  { brightness: 0.2 },
  { contrast: 0.2 },
];

describe('augmentation in a plan', () => {
  it('stands behind the gathering of training, in the order of the list, and not at all in evaluation', () => {
    const kernels = (calls: { kernel: string }[]) => calls.map(({ kernel }) => kernel);
    const turned = ['augmentFlip', 'augmentShift', 'augmentShift', 'augmentTurn', 'augmentTurn'];
    const changed = [...turned, 'augmentCutout', 'augmentNoise', 'augmentTone', 'augmentTone'];
    const plan = compile(ALL);
    expect(kernels(plan.train.gather)).toEqual(['gatherBytes', ...changed, 'gatherByteLabels']);
    expect(plan.evaluate).toEqual(compile(undefined).evaluate);
    const mixed = compile([...ALL, { cutMix: 1 }]);
    const own = ['gatherBytes', ...changed];
    const labels = ['gatherByteLabels', 'mixPartners', 'gatherByteLabels', 'mixShares'];
    expect(kernels(mixed.train.gather)).toEqual([...own, 'mixPartners', ...own, 'mixRows', ...labels]);
    expect(mixed.evaluate).toEqual(plan.evaluate);
  });

  it('draws anew for each item of the list: two of the same are not one', () => {
    const plan = compile([{ noise: 0.1 }, { noise: 0.1 }]);
    const purposes = plan.train.gather.flatMap(({ kernel, args }) => (kernel === 'augmentNoise' ? [args[7][2]] : []));
    expect(purposes).toEqual([8, 8 + 256]);
  });

  it.each([
    ['mse', 'got mse'],
    ['nll', 'got nll'],
    [{ name: 'crossEntropy', labelSmoothing: 0, classWeights: [1, 2, 3] }, 'got classWeights'],
    [{ name: 'crossEntropy', labelSmoothing: 0, ignoreIndex: 1 }, 'got ignoreIndex'],
  ] as const)('has no mixtures with the loss %j', (loss, got) => {
    expect(() => compile([{ mixup: 1 }], loss as never)).toThrow(
      /^loss: expected crossEntropy without classWeights and ignoreIndex, as data\.augment mixes samples, got /,
    );
    expect(() => compile([{ mixup: 1 }], loss as never)).toThrow(got);
  });
});

const SEED = 0;
/** The words of a sample's first block of draws; the bench's seed, and its epoch, are 0. */
function wordsOf(id: number): Uint32Array {
  const words = new Uint32Array(4);
  philox4x32(0, 0, id, 8, SEED, 0, words);
  return words;
}

describe.each(BACKENDS)('mixup in training, %s', (backend) => {
  const pixels = Uint8Array.from({ length: SAMPLES * PIXELS }, (_, i) => (i * 37) % 256);
  const labels = Uint8Array.from({ length: SAMPLES }, (_, i) => (i * 2) % CLASSES);
  const weights = Float32Array.from({ length: CLASSES * PIXELS }, (_, i) => Math.sin(i));

  it.each([
    [4, 0],
    [9, 0.1],
    [1, 0.1],
  ])('has the loss and the gradients of the mixtures, micro-batches of %i, smoothing %f', (microBatch, smoothing) => {
    // Beta(1, 1) is even: the share is the word.
    const plan = compile([{ mixup: 1 }], { name: 'crossEntropy', labelSmoothing: smoothing }, microBatch);
    const bench = new PlanBench(plan, { spec: specWith([{ mixup: 1 }]), inputs: pixels, targets: labels }, backend);
    bench.setParameter('dense1.weight', weights);
    bench.setParameter('dense1.bias', [0, 0, 0]);
    const batch = [8, 1, 5, 2, 7, 0];
    bench.train(batch);
    let loss = 0;
    const gradient = new Float64Array(CLASSES * PIXELS);
    for (const id of batch) {
      const [word0, word1] = wordsOf(id);
      const partner = batch[Math.floor((word0 * batch.length) / 2 ** 32)];
      const share = word1 / 2 ** 32;
      const pixel = (of: number, i: number) => pixels[of * PIXELS + i] / 255;
      const x = Array.from({ length: PIXELS }, (_, i) => share * pixel(id, i) + (1 - share) * pixel(partner, i));
      const logits = [0, 1, 2].map((c) => x.reduce((sum, value, i) => sum + value * weights[c * PIXELS + i], 0));
      const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
      const target = [0, 1, 2].map((c) => {
        const hard = (labels[id] === c ? share : 0) + (labels[partner] === c ? 1 - share : 0);
        return (1 - smoothing) * hard + smoothing / CLASSES;
      });
      for (let c = 0; c < CLASSES; c++) {
        loss += target[c] * (total - logits[c]);
        const d = Math.exp(logits[c] - total) - target[c];
        x.forEach((value, i) => {
          gradient[c * PIXELS + i] += d * value;
        });
      }
    }
    const bound = { relative: 1e-5, ofLargest: 1e-5 };
    expectClose([bench.sums[0], bench.sums[1]], [loss, batch.length], bound);
    expectClose(bench.gradient('dense1.weight'), gradient, bound);
    expect(bench.brokenGuards()).toEqual([]);
  });

  it('changes nothing in evaluation', () => {
    const losses = [[{ mixup: 1 }], [{ noise: 5 }], undefined].map((augment) => {
      const plan = compile(augment);
      const bench = new PlanBench(plan, { spec: specWith(augment), inputs: pixels, targets: labels }, backend);
      bench.setParameter('dense1.weight', weights);
      bench.setParameter('dense1.bias', [0, 0, 0]);
      bench.evaluate([0, 3, 4, 8, 1]);
      return [...bench.sums];
    });
    expect(losses[0]).toEqual(losses[2]);
    expect(losses[1]).toEqual(losses[2]);
  });
});
