import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDecimal } from '#src/data/decimal-bytes.js';

const parse = (text: string): number => {
  const out = new Float64Array(1);
  const bytes = Buffer.from(`,${text},`);
  parseDecimal(bytes, 1, bytes.length - 1, out, 0);
  return out[0];
};

describe('parseDecimal', () => {
  it('gives the double that Number gives, bit for bit, for whatever JavaScript writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parse(`${value}`)).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the double that Number gives for any decimal text', () => {
    const digits = fc.stringMatching(/^\d{0,25}$/);
    const parts = fc.tuple(
      fc.constantFrom('', '+', '-'),
      digits,
      fc.boolean(),
      digits,
      fc.option(fc.integer({ min: -330, max: 330 })),
    );
    fc.assert(
      fc.property(parts, ([sign, whole, hasPoint, fraction, exponent]) => {
        fc.pre(whole !== '' || (hasPoint && fraction !== ''));
        const text = `${sign}${whole}${hasPoint ? `.${fraction}` : ''}${exponent === null ? '' : `e${exponent}`}`;
        expect(Object.is(parse(text), Number(text)), text).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    '9007199254740993',
    '9007199254740993e1',
    '1e22',
    '1e23',
    '123456789012345678',
    '0e999',
    '1E+2',
    '-0',
    '4.9e-324',
  ])('gives the double that Number gives for %s', (text) => {
    expect(parse(text)).toBe(Number(text));
  });

  it.each(['', '+', '.', '-.', 'e5', '1e', '1e+', '1 ', ' 1', '1.2.3', '0x10', 'NaN', 'Infinity', '1_000', '1,2', '١'])(
    'takes %j for no number',
    (text) => {
      expect(parse(text)).toBeNaN();
    },
  );
});
