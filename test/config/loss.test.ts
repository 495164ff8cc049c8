// What `loss` may say: a name, or a mapping with options; and what it hashes as.
import { describe, expect, it } from 'vitest';
import { configSha256 } from '#src/config/config-hash.js';
import { formatConfig } from '#src/config/format-config.js';
import { parseConfig } from '#src/config/load-config.js';
import { issuesOf, SMALLEST } from './config-cases.ts';

const parse = (loss: unknown) => parseConfig({ ...SMALLEST, loss });
const issuesWith = (loss: unknown) => issuesOf(() => parse(loss));
const NAMES = 'crossEntropy, nll, bceWithLogits, mse, l1, huber, smoothL1 or kl';

describe('loss', () => {
  it.each([
    ['crossEntropy', 'crossEntropy'],
    [{ name: 'crossEntropy' }, 'crossEntropy'],
    [{ name: 'crossEntropy', labelSmoothing: 0 }, 'crossEntropy'],
    ['mse', 'mse'],
    [{ name: 'mse' }, 'mse'],
    ['huber', { name: 'huber', delta: 1 }],
    [{ name: 'smoothL1' }, { name: 'smoothL1', beta: 1 }],
    [
      { name: 'crossEntropy', classWeights: [1, 0.5], ignoreIndex: -100 },
      { name: 'crossEntropy', labelSmoothing: 0, classWeights: [1, 0.5], ignoreIndex: -100 },
    ],
    [
      { name: 'bceWithLogits', posWeight: [2, 3] },
      { name: 'bceWithLogits', posWeight: [2, 3] },
    ],
  ])('%j resolves to the one way to write it', (loss, resolved) => {
    const config = parse(loss);
    expect(config.loss).toEqual(resolved);
    expect(parseConfig(formatConfig({ config }))).toEqual(config);
    expect(configSha256(parse(resolved), 'portable')).toBe(configSha256(config, 'portable'));
  });

  it('hashes its options', () => {
    const losses = [
      'crossEntropy',
      { name: 'crossEntropy', labelSmoothing: 0.1 },
      { name: 'crossEntropy', ignoreIndex: 0 },
    ];
    expect(new Set(losses.map((loss) => configSha256(parse(loss), 'portable'))).size).toBe(3);
  });

  it.each<[unknown, string]>([
    ['hubert', `loss: expected a loss: ${NAMES}, got "hubert"; did you mean huber?`],
    [{ name: 'hubert' }, `loss: expected a loss: ${NAMES}, got { name: "hubert" }; name its kind: `],
    [{ labelSmoothing: 0.1 }, `loss: expected a loss: ${NAMES}, got { labelSmoothing: 0.1 }; name its kind: `],
    [{ name: 'huber', delta: 0 }, 'loss.delta: expected a number above 0, got 0; '],
    [{ name: 'crossEntropy', labelSmoothing: 2 }, 'loss.labelSmoothing: expected a number from 0 to 1, got 2; '],
    [
      { name: 'nll', labelSmoothing: 0.1 },
      'loss.labelSmoothing: expected a known key, got labelSmoothing; remove it: it belongs to crossEntropy, not to nll',
    ],
    [
      { name: 'nll', classWeights: [1] },
      'loss.classWeights: expected balanced, a list of numbers of 0 or more, one a class, or a mapping such as { malignant: 2 }, got [1]; ',
    ],
    [
      { name: 'crossEntropy', classWeights: [0, 0] },
      'loss.classWeights: expected a class whose weight is above 0, got [0, 0]; ',
    ],
  ])('refuses %j', (loss, message) => {
    const issues = issuesWith(loss);
    expect(issues).toHaveLength(1);
    expect(issues[0].slice(0, message.length)).toBe(message);
  });

  it.each(['nll', 'bceWithLogits', { name: 'crossEntropy', ignoreIndex: 3 }])(
    'of labels watches accuracy: %j',
    (loss) => {
      expect(parse(loss).evaluation).toMatchObject({ metric: 'accuracy', mode: 'max' });
    },
  );

  it.each(['l1', { name: 'huber' }, 'kl'])('of values watches itself and has no accuracy: %j', (loss) => {
    expect(parse(loss).evaluation).toMatchObject({ metric: 'loss', mode: 'min' });
    const [issue] = issuesOf(() => parseConfig({ ...SMALLEST, loss, evaluation: { metric: 'accuracy' } }));
    expect(issue).toMatch(/^evaluation\.metric: expected .*, as (?:l1|huber|kl) has no accuracy, got "accuracy"; /);
  });
});
