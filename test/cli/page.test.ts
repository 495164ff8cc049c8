import { describe, expect, it } from 'vitest';
import { isColored, isLive, pageOf } from '#src/cli/page.js';

const TERMINAL = { isTTY: true, columns: 100 };
const PIPE = {};

describe('isColored', () => {
  it.each([
    ['a terminal', TERMINAL, {}, true],
    ['a pipe', PIPE, {}, false],
    ['a terminal of a CI service', TERMINAL, { CI: 'true' }, false],
    ['a terminal with CI=false', TERMINAL, { CI: 'false' }, true],
    ['a terminal without escapes', TERMINAL, { TERM: 'dumb' }, false],
    ['NO_COLOR on a terminal', TERMINAL, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR on a terminal', TERMINAL, { NO_COLOR: '' }, true],
    ['FORCE_COLOR on a pipe', PIPE, { FORCE_COLOR: '1' }, true],
    ['an empty FORCE_COLOR on a pipe', PIPE, { FORCE_COLOR: '' }, true],
    ['FORCE_COLOR in CI', PIPE, { FORCE_COLOR: '1', CI: 'true' }, true],
    ['FORCE_COLOR=0 on a terminal', TERMINAL, { FORCE_COLOR: '0' }, false],
    ['NO_COLOR against FORCE_COLOR', TERMINAL, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('%s', (_, stream, variables, expected) => expect(isColored(stream, variables)).toBe(expected));
});

describe('pageOf', () => {
  it('writes no escapes where there is no colour', () => {
    expect(pageOf(PIPE, {}).colors.red('text')).toBe('text');
    expect(pageOf(TERMINAL, {}).colors.red('text')).toBe('\u001b[31mtext\u001b[39m');
  });

  it('is as wide as the terminal, 80 where the terminal does not know, and endless for a file', () => {
    expect(pageOf(TERMINAL, {}).columns).toBe(100);
    expect(pageOf({ isTTY: true, columns: 0 }, {}).columns).toBe(80);
    expect(pageOf(PIPE, {}).columns).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('isLive', () => {
  it('is for terminals that no service automates, coloured or not', () => {
    expect(isLive(TERMINAL, { NO_COLOR: '1' })).toBe(true);
    expect(isLive(PIPE, { FORCE_COLOR: '1' })).toBe(false);
    expect(isLive(TERMINAL, { CI: '1' })).toBe(false);
  });
});
