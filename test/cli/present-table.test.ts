import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { joinParts, presentTable, wrapWords } from '#src/cli/present-table.js';

const wordsOf = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 20 });

describe('joinParts', () => {
  it('breaks between parts, within the page, and loses none', () => {
    fc.assert(
      fc.property(wordsOf, fc.integer({ min: 20, max: 100 }), (parts, columns) => {
        const lines = joinParts(parts, { ...PLAIN_PAGE, columns }, 4).split('\n');
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        for (const line of lines.slice(1)) expect(line.slice(0, 4)).toBe('    ');
        expect(lines.flatMap((line) => line.trim().split(' · '))).toEqual(parts);
      }),
    );
  });
});

describe('wrapWords', () => {
  it('breaks between words, within the page, and loses none', () => {
    fc.assert(
      fc.property(wordsOf, fc.integer({ min: 20, max: 100 }), (words, columns) => {
        const lines = wrapWords(words.join(' '), { ...PLAIN_PAGE, columns }).split('\n');
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(words);
      }),
    );
  });
});

describe('presentTable', () => {
  it('sets text to the left and numbers to the right, and no blanks at the end of a line', () => {
    const columns = [{ title: 'n' }, { title: 'name', isText: true }];
    expect(
      presentTable(
        columns,
        [
          ['1', 'a'],
          ['1,000', 'bc'],
        ],
        PLAIN_PAGE,
      ),
    ).toBe('    n  name\n    1  a\n1,000  bc');
  });

  it('cuts the beginnings of the first column where the page is too narrow, and no number', () => {
    const columns = [{ title: 'layer', isText: true }, { title: 'parameters' }];
    const rows = [
      ['block.11.residual2.linear1', '1,234,567'],
      ['dense1', '10'],
    ];
    const page = { ...PLAIN_PAGE, columns: 30 };
    expect(presentTable(columns, rows, page)).toBe(
      'layer               parameters\n…residual2.linear1   1,234,567\ndense1                      10',
    );
    // Sixteen characters of a name are left, whatever the page.
    expect(presentTable(columns, rows, { ...PLAIN_PAGE, columns: 8 })).toContain('…sidual2.linear1   1,234,567');
  });

  it('puts no escape into the middle of a line, so that columns align in colour too', () => {
    const page = { ...PLAIN_PAGE, colors: { ...PLAIN_PAGE.colors, bold: (text: unknown) => `<${text}>` } };
    expect(presentTable([{ title: 'n' }], [['1'], ['2']], page, [1])).toBe('n\n1\n<2>');
  });
});
