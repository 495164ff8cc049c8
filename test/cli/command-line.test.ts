import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typedCommand } from '#src/cli/command-line.js';

describe('typedCommand', () => {
  it('is npx where the program is not on the path', () => {
    const words = ['verify', 'configs/a.yaml', 'epochs=1'];
    expect(typedCommand(words, '/usr/bin/lockstep', {})).toBe('lockstep verify configs/a.yaml epochs=1');
    expect(typedCommand(words, '/x/node_modules/.bin/lockstep', { npm_command: 'exec' })).toMatch(/^npx lockstep /);
    expect(typedCommand(words, '/x/dist/src/cli/main.js', {})).toMatch(/^npx lockstep /);
  });

  it('quotes every word so that a shell gives it back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]{1,20}$/), (word) => {
        const typed = typedCommand([word], '/usr/bin/lockstep', {}).slice('lockstep '.length);
        expect(execFileSync('/bin/sh', ['-c', `printf %s ${typed}`], { encoding: 'utf8' })).toBe(word);
      }),
      { numRuns: 50 },
    );
  });
});
