import { describe, expect, it } from 'vitest';
import { buildModel } from '#src/nn/build-model.js';
import { compilePlan } from '#src/plan/compile.js';
import { planSha256 } from '#src/plan/plan.js';
import { printPlan } from '#src/plan/print.js';

const spec = {
  name: 'digits',
  samples: 1797,
  input: { shape: [1, 8, 8], storage: 'u8' as const, divisor: 16 },
  target: { kind: 'class' as const, storage: 'u8' as const, classes: 10 },
};
const model = buildModel(
  [
    { dense: 32, activation: 'relu', bias: true },
    { dense: 10, activation: 'none', bias: true },
  ],
  'crossEntropy',
  spec,
);
const options = { numerics: 'portable', microBatch: 'auto', largestShardRows: 16, dataset: spec } as const;
// The bytes of scratch are gemm's business.
const plan = { ...compilePlan(model, options), scratchBytes: 17_408 };

describe('printPlan', () => {
  const text = printPlan(plan);

  it('shows layers, parameters, calls with shapes, buffers with lifetimes, and bytes, in aligned columns', () => {
    const [head, ...rest] = text.split('\n');
    expect(head).toBe(`plan ${planSha256(plan).slice(0, 16)} · portable · micro-batch of 16 rows`);
    expect(rest.join('\n')).toMatchInlineSnapshot(`
      "
      layers
        name    kind          output     parameters
        ──────  ────────────  ─────────  ──────────
        dense1  dense + relu  (rows,32)       2,080
        dense2  dense         (rows,10)         330

      parameters
        name           shape    elements  offset  first values
        ─────────────  ───────  ────────  ──────  ────────────────────────────
        dense1.weight  (32,64)     2,048       0  uniform in [-0.1250, 0.1250)
        dense1.bias    (32)           32   2,048  uniform in [-0.1250, 0.1250)
        dense2.weight  (10,32)       320   2,080  uniform in [-0.1768, 0.1768)
        dense2.bias    (10)           10   2,400  uniform in [-0.1768, 0.1768)

      training: kernel calls
        call  part      kernel               for
        ────  ────────  ───────────────────  ─────────────────────────────────────────────
           0  gather    gatherBytes          input (rows,1,8,8) u8 / 16
           1            gatherByteLabels     target (rows) u8 labels
           2  forward   gemm                 dense1 (rows,64)·(64,32) +bias relu
           3            gemm                 dense2 (rows,32)·(32,10) +bias
           4            softmaxCrossEntropy  loss softmaxCrossEntropy (rows,10) → d dense2
           5  backward  sumRows              dense2 sum (rows,10) to (10) → d dense2.bias
           6            gemm                 dense2 (10,rows)·(rows,32) → d dense2.weight
           7            gemm                 dense2 (rows,10)·(10,32) → d dense1
           8            reluBackward         dense1 reluBackward (rows,32)
           9            sumRows              dense1 sum (rows,32) to (32) → d dense1.bias
          10            gemm                 dense1 (32,rows)·(rows,64) → d dense1.weight

      evaluation: kernel calls
        call  part     kernel               for
        ────  ───────  ───────────────────  ───────────────────────────────────
           0  gather   gatherBytes          input (rows,1,8,8) u8 / 16
           1           gatherByteLabels     target (rows) u8 labels
           2  forward  gemm                 dense1 (rows,64)·(64,32) +bias relu
           3           gemm                 dense2 (rows,32)·(32,10) +bias
           4           softmaxCrossEntropy  loss softmaxCrossEntropy (rows,10)

      training: buffers in the activations
        tensor    shape         offset  bytes  calls  in use
        ────────  ────────────  ──────  ─────  ─────  ───────────
        input     (rows,1,8,8)       0  4,096   0–10  ███████████
        target    (rows)         6,784     64    1–4  ·████······
        dense1    (rows,32)      4,096  2,048    2–8  ··███████··
        dense2    (rows,10)      6,144    640    3–4  ···██······
        d dense2  (rows,10)      8,192    640    4–7  ····████···
        d dense1  (rows,32)      6,144  2,048   7–10  ·······████

      memory
        region        bytes
        ───────────  ──────  ───────────────────────────────
        parameters    9,664  24 of them padding
        slot          9,664  one gradient
        activations   8,832  a worker; evaluation uses 6,208
        scratch      17,408  a worker
        constants         0
      "
    `);
  });

  it('ends no line with a blank and fits 100 columns', () => {
    for (const line of text.split('\n')) {
      expect(line).toBe(line.trimEnd());
      expect(line.length).toBeLessThanOrEqual(100);
    }
  });
});
