import { expect, it, describe as suite } from 'vitest';
import { ConfigError, describe, loadConfig } from '#src/index.js';

const LAYERS = [{ dense: 512, activation: 'relu' }, { dense: 10 }];

suite('describe', () => {
  it('gives a row for each layer of a list, and the sum of the parameters', () => {
    // 784 · 512 + 512, 512 · 10 + 10
    expect(describe(LAYERS, { inputShape: [1, 28, 28] })).toBe(
      [
        'layer   kind          output        parameters',
        'input                 (-1,1,28,28)',
        'dense1  dense + relu  (-1,512)         401,920',
        'dense2  dense         (-1,10)            5,130',
        'total                                  407,050',
      ].join('\n'),
    );
  });

  it('takes the shape of a config from its data, which a loaded one finds beside its file', () => {
    const loaded = loadConfig('configs/digits.yaml');
    const table = describe(loaded);
    expect(table.split('\n')[1]).toMatch(/^input +\(-1,1,8,8\)$/);
    expect(describe(loaded.config)).toBe(table);
    const plain = { data: { source: 'digits' }, model: loaded.config.model, loss: loaded.config.loss };
    expect(describe(plain)).toBe(table);
  });

  it('takes a family, with the outputs that the data need, but no module', () => {
    const config = { data: { source: 'digits' }, model: { name: 'mlp', hidden: [3] }, loss: 'crossEntropy' };
    // 64 · 3 + 3, 3 · 10 + 10
    expect(describe(config)).toMatch(/dense1 +dense \+ relu +\(-1,3\) +195\ndense2 +dense +\(-1,10\) +40\n/);
    expect(() => describe({ ...config, model: './m.js' })).toThrow(
      'describe: expected layers or a family, got the module ./m.js; use lockstep plan, which runs it',
    );
  });

  it('may be told another shape than that of the data', () => {
    const config = { data: { source: 'digits' }, model: [{ dense: 1, bias: false }], loss: 'mse' };
    expect(
      describe(config, { inputShape: [7] })
        .split('\n')
        .at(-1),
    ).toMatch(/^total +7$/);
  });

  it('names layers without parameters, and needs none with them', () => {
    const table = describe([{ flatten: true }, { activation: 'tanh', name: 'squash' }], { inputShape: [2, 3] });
    expect(table.split('\n').slice(2)).toEqual([
      expect.stringMatching(/^flatten1 +flatten +\(-1,6\) +0$/),
      expect.stringMatching(/^squash +tanh +\(-1,6\) +0$/),
      expect.stringMatching(/^total +0$/),
    ]);
  });

  it('refuses what is no layer as a config does, and a list without a shape', () => {
    expect(() => describe([{ dens: 5 }], { inputShape: [2] })).toThrow(ConfigError);
    expect(() => describe([{ dens: 5 }], { inputShape: [2] })).toThrow('did you mean dense?');
    expect(() => describe(LAYERS)).toThrow(
      'describe: expected an inputShape beside a list of layers, got none; write { inputShape: [784] }',
    );
  });

  it('refuses the path of a config, and says how it is loaded', () => {
    expect(() => describe('my-run.yaml' as never)).toThrow(
      'describe: expected layers or a config, got "my-run.yaml"; for a file write describe(loadConfig(\'my-run.yaml\'))',
    );
  });
});
