import { describe, expect, it } from 'vitest';
import { crossEntropy, gradCheck, mse, randn, tensor } from '#src/index.js';

const LOGITS = [
  [1, 2, 0.5],
  [-1, 0, 3],
];

/** By the definition, in float64. */
function softmax(row: number[]): number[] {
  const powers = row.map(Math.exp);
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
}

describe('mse', () => {
  it('is the mean of the squared differences over all elements', () => {
    const [a, b] = [
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { requiresGrad: true },
      ),
      tensor([
        [1, 0],
        [0, 0],
      ]),
    ];
    // (0 + 4 + 9 + 16) / 4, and 2 (a - b) / 4
    const loss = mse(a, b);
    loss.backward();
    expect([loss.item(), a.grad?.toArray()]).toEqual([
      7.25,
      [
        [0, 1],
        [1.5, 2],
      ],
    ]);
  });

  it('refuses shapes that would only broadcast', () => {
    expect(() => mse(tensor([[1], [2]]), tensor([1, 2]))).toThrow(
      "mse: expected a target of the prediction's shape (2,1), got (2); reshape one of them",
    );
  });
});

describe('crossEntropy', () => {
  it('is the mean of -ln softmax(row)[label], its gradient (softmax - one hot) / rows', () => {
    const logits = tensor(LOGITS, { requiresGrad: true });
    const loss = crossEntropy(logits, [1, 0]);
    loss.backward();
    const [first, second] = LOGITS.map(softmax);
    expect(loss.item()).toBeCloseTo(-(Math.log(first[1]) + Math.log(second[0])) / 2, 6);
    const expected = [
      ...first.map((p, i) => (p - Number(i === 1)) / 2),
      ...second.map((p, i) => (p - Number(i === 0)) / 2),
    ];
    logits.grad!.data().forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 6);
    });
  });

  it('takes labels as a tensor or a typed array, and a single row', () => {
    const expected = crossEntropy(tensor(LOGITS), [1, 0]).item();
    expect(crossEntropy(tensor(LOGITS), tensor([1, 0])).item()).toBe(expected);
    expect(crossEntropy(tensor(LOGITS), new Uint8Array([1, 0])).item()).toBe(expected);
    expect(crossEntropy(tensor(LOGITS[0]), [1]).item()).toBeCloseTo(-Math.log(softmax(LOGITS[0])[1]), 6);
  });

  it('is finite for logits far beyond the range of exp', () => {
    const logits = tensor(
      [
        [1000, 0],
        [0, -1000],
      ],
      { requiresGrad: true },
    );
    const loss = crossEntropy(logits, [1, 0]);
    loss.backward();
    // -ln softmax: 1000 for the first row, 0 for the second.
    expect([loss.item(), logits.grad?.toArray()]).toEqual([
      500,
      [
        [0.5, -0.5],
        [0, 0],
      ],
    ]);
  });

  it('has the gradient that gradCheck finds', () => {
    expect(gradCheck((x) => crossEntropy(x, [2, 0, 1]), [randn([3, 4], { seed: 1 })]).passed).toBe(true);
  });

  it.each<[string, () => unknown]>([
    [
      'crossEntropy: expected logits of shape (rows,classes) and as many labels as rows, got (2,3) and 1 labels; change one of the two',
      () => crossEntropy(tensor(LOGITS), [1]),
    ],
    [
      'crossEntropy: expected labels from 0 to 2, got 3 in row 1; correct it, or give the logits more classes',
      () => crossEntropy(tensor(LOGITS), [0, 3]),
    ],
    [
      'crossEntropy: expected logits of shape (rows,classes) and as many labels as rows, got () and 0 labels; change one of the two',
      () => crossEntropy(tensor(1), []),
    ],
  ])('says: %s', (message, call) => {
    expect(call).toThrow(message);
  });
});
