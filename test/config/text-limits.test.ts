// What is refused before the parser sees it, and what is not.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LineCounter } from 'yaml';
import { parseConfig } from '#src/config/load-config.js';
import { readTokens } from '#src/config/text-limits.js';

const CONFIGS = fileURLToPath(new URL('../../configs/', import.meta.url));
const BYTES = 1 << 20;
const filled = (text: string): string => text.repeat(Math.floor(BYTES / text.length) - 100);

const isBeyondLimits = (text: string): boolean => readTokens(text, new LineCounter()) === undefined;

describe('readTokens', () => {
  it.each(readdirSync(CONFIGS).filter((name) => name.endsWith('.yaml')))('lets %s through', (name) => {
    expect(isBeyondLimits(readFileSync(CONFIGS + name, 'utf8'))).toBe(false);
  });

  it('lets as many values through as a config may have, in any style', () => {
    const numbers = Array.from({ length: 19_900 }, (_, i) => i / 7);
    expect(isBeyondLimits(`a: [${numbers.join(', ')}]`)).toBe(false);
    expect(isBeyondLimits(`a:\n${numbers.map((x) => `  - ${x}\n`).join('')}`)).toBe(false);
    expect(
      isBeyondLimits(JSON.stringify(Object.fromEntries(numbers.slice(0, 15_000).map((x, i) => [`k${i}`, x])))),
    ).toBe(false);
    expect(isBeyondLimits(`a: ${'['.repeat(31)}1${']'.repeat(31)}`)).toBe(false);
    const levels = Array.from({ length: 30 }, (_, i) => `${'  '.repeat(i)}a:\n`).join('');
    expect(isBeyondLimits(`${levels}${'  '.repeat(30)}b: 1\n`.repeat(50))).toBe(false);
    expect(isBeyondLimits(`${'- '.repeat(31)}1\n`.repeat(500))).toBe(false);
    expect(isBeyondLimits(`a:\n${'  - b: 1\n    c:\n      - 2\n'.repeat(2000)}`)).toBe(false);
    expect(isBeyondLimits(`a: "${filled('text ')}"`)).toBe(false);
  });

  it.each([
    ['lists in lists', filled('[')],
    ['mappings in mappings', `a: ${filled('{b: ')}`],
    ['dashes', filled('- ')],
    ['aliases', `a: &a x\nb: [${filled('*a,')}]`],
    ['numbers', `a: [${filled('1,')}]`],
    ['keys', Array.from({ length: 60_000 }, (_, i) => `k${i}: 1\n`).join('')],
    ['closed brackets', `a: [${filled('}')}`],
    ['tags', `a: ${filled('!a ')}`],
    ['anchors', filled('&a ')],
    ['directives', filled('%A\n')],
    ['blank lines', filled('\n')],
    ['question marks', filled('? ')],
    // In these the parser ended the process: its stack ended inside of a regular expression.
    ['some dashes', '- '.repeat(59_000)],
    ['some dashes and question marks', '- ? '.repeat(20_000)],
    ['indented keys', Array.from({ length: 1400 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
    ['indented dashes', Array.from({ length: 1400 }, (_, i) => `${' '.repeat(2 * i)}- a:\n`).join('')],
    ['tabs and dashes', '\t- a: a\n '.repeat(4000)],
    ['quotes over lines', '": a: \n '.repeat(5000)],
    ['keys in a line', 'a: '.repeat(30_000)],
    ['quotes', filled('"a" ')],
  ])('refuses %s, as a config of too many values', (_, text) => {
    expect(isBeyondLimits(text)).toBe(true);
    expect(() => parseConfig(text)).toThrow(/expected at most 20000 values in at most 32 levels/);
  });
});
