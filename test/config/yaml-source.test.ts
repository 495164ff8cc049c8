import { describe, expect, it } from 'vitest';
import { parseConfig } from '#src/config/load-config.js';
import { issuesOf, SMALLEST_TEXT } from './config-cases.ts';

/** The issues of a text on line 4 and after, below a config that is right. */
const issuesBelow = (text: string) => issuesOf(() => parseConfig(`${SMALLEST_TEXT}${text}`, { file: 'a.yaml' }));

describe('a number in a config', () => {
  it.each([
    ['.nan', 'a finite number'],
    ['-.inf', 'a finite number'],
    ['1e400', 'a finite number'],
    ['0x10', 'a number in decimal digits without leading zeros'],
    ['0o17', 'a number in decimal digits without leading zeros'],
    ['010', 'a number in decimal digits without leading zeros'],
    ['9007199254740993', 'a whole number of at most 9007199254740991, which is stored exactly'],
    ['123456789012345678901234567890', 'a whole number of at most 9007199254740991, which is stored exactly'],
    ['1e-400', 'a number that does not vanish'],
  ])('may not be %s', (text, expected) => {
    for (const key of ['seed', 'optimizer: { lr']) {
      const close = key.includes('{') ? ' }' : '';
      const issues = issuesBelow(`${key}: ${text}${close}\n`);
      expect(issues).toHaveLength(1);
      expect(issues[0]).toContain(`: expected ${expected}, got ${text}; correct the number`);
      expect(issues[0]).toMatch(/^a\.yaml:4:/);
    }
  });

  it.each([
    ['"0x10"', 'got "0x10"; correct the value'],
    ['"12"', 'got "12"; write a number without quotes'],
    ['2020-01-01', 'got "2020-01-01"; correct the value'],
    ['12:30', 'got "12:30"; correct the value'],
    ['1_000', 'got "1_000"; correct the value'],
    ['1.5', 'got 1.5; correct the value'],
    ['true', 'got true; correct the value'],
    ['[1]', 'got [1]; correct the value'],
    ['', 'got null; write a value or remove the key'],
    ['~', 'got null; write a value or remove the key'],
  ])('is not %s where a whole number is expected', (text, end) => {
    expect(issuesBelow(`seed: ${text}\n`)).toEqual([`a.yaml:4:7 seed: expected a whole number of 0 or more, ${end}`]);
  });

  it('is the same however it is written', () => {
    for (const text of ['1000', '1e3', '1.0e+3', '+1000', '1000.']) {
      expect(parseConfig(`${SMALLEST_TEXT}seed: ${text}\n`).seed).toBe(1000);
    }
    expect(Object.is(parseConfig(`${SMALLEST_TEXT}optimizer: { lr: -0 }\n`).optimizer.lr, 0)).toBe(true);
    expect(parseConfig(`${SMALLEST_TEXT}seed: 9007199254740991\n`).seed).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('a text that is not a config', () => {
  it('is refused for YAML that is none, with the line', () => {
    expect(issuesBelow('seed: [1\nepochs: 3\n')[0]).toMatch(/^a\.yaml:5:\d+: expected YAML, got what is not: /);
    expect(issuesBelow('\tseed: 1\n')[0]).toMatch(/^a\.yaml:4:1: expected YAML, got what is not: Tabs/);
  });

  it('is refused for a key said twice, in a mapping of any depth', () => {
    expect(issuesBelow('seed: 1\nseed: 2\n')).toEqual([
      'a.yaml:5:1 seed: expected each key once, got a second seed; keep one of them',
    ]);
    expect(issuesBelow('optimizer: { name: sgd, lr: 1, lr: 2 }\n')).toEqual([
      'a.yaml:4:32 optimizer.lr: expected each key once, got a second lr; keep one of them',
    ]);
  });

  it('is refused for several documents, other versions of YAML, tags, and keys that are no words', () => {
    expect(issuesBelow('---\nseed: 1\n')).toEqual([
      'a.yaml:4:1: expected one YAML document, got several; remove the lines from --- on',
    ]);
    expect(issuesOf(() => parseConfig(`%YAML 1.1\n---\n${SMALLEST_TEXT}`, { file: 'a.yaml' }))).toEqual([
      'a.yaml:1:1: expected YAML 1.2, got %YAML 1.1; remove the %YAML line',
    ]);
    expect(issuesBelow('seed: !secret 1\n')[0]).toMatch(
      /^a\.yaml:4:\d+ seed: expected no tag, got !secret; remove the tag$/,
    );
    expect(issuesBelow('description: !!binary aGk=\n')[0]).toMatch(
      / description: expected no tag, got tag:yaml\.org,2002:binary/,
    );
    expect(issuesBelow('? [a, b]\n: 3\n')[0]).toBe(
      'a.yaml:4:3: expected keys that are words, got a list or mapping; write a word',
    );
  });

  it('is refused where it is no mapping', () => {
    const issues = issuesOf(() => parseConfig('- a\n- 3\n', { file: 'a.yaml' }));
    expect(issues).toEqual([
      'a.yaml:1:1: expected a mapping with keys such as name, data, model, got ["a", 3]; begin with name: my-run',
    ]);
  });

  it('takes keys of numbers and of JavaScript’s own names as unknown ones', () => {
    for (const key of ['3', 'true', '__proto__', 'constructor', 'toString', '<<', 'a b']) {
      const shown = /\W/.test(key) ? JSON.stringify(key) : key;
      expect(issuesBelow(`${key}: {}\n`)[0]).toContain(`a.yaml:4:1 ${shown}: expected a known key, got ${shown}; `);
    }
  });
});

describe('anchors', () => {
  it('stand for what they name', () => {
    const { model } = parseConfig(
      'data: { source: digits }\nloss: crossEntropy\nmodel: [ &a { dense: 10 }, *a, *a ]\n',
    );
    expect(model).toEqual(Array(3).fill({ dense: 10, activation: 'none', bias: true }));
  });

  it('are edited by an override in one place only', () => {
    const text = 'data: { source: digits }\nloss: crossEntropy\nmodel: [ &a { dense: 10 }, *a ]\n';
    expect(parseConfig(text, { overrides: ['model.0.dense=5'] }).model).toMatchObject([{ dense: 5 }, { dense: 10 }]);
  });

  it('are refused at once where they stand for endless values', { timeout: 10_000 }, () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `k${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`,
    );
    const bomb = `k0: &a0 [x]\n${levels.join('\n')}\n`;
    const expected = [
      'a.yaml:1:1: expected at most 20000 values in at most 32 levels, aliases written out, got more; write a smaller config',
    ];
    expect(issuesBelow(bomb)).toEqual(expected);
    expect(issuesBelow('k: &a [*a]\n')).toEqual(expected);
  });

  it.each([100, 5000, 100_000])('or nesting of %d levels', { timeout: 20_000 }, (depth) => {
    expect(issuesBelow(`k: ${'['.repeat(depth)}${']'.repeat(depth)}\n`)[0]).toMatch(/^a\.yaml:\d+:\d+/);
  });
});
