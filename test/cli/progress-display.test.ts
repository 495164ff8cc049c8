import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { createProgressBar } from '#src/cli/progress-display.js';
import { START } from './events-fixture.ts';

const EVENT = {
  type: 'progress',
  epoch: 0,
  stepInEpoch: 1,
  stepsPerEpoch: 106,
  loss: 2,
  samplesPerSecond: 5e4,
} as const;

/** A terminal that remembers what it was sent. */
class Terminal extends Writable {
  readonly isTTY = true;
  readonly columns = 60;
  sent = '';

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.sent += chunk.toString();
    done();
  }

  /** The line that is seen: carriage moves and erasing are all that a bar may use. */
  get line(): string {
    let line = '';
    let at = 0;
    const erase = { 0: () => line.slice(0, at), 1: () => line, 2: () => '' };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's language is made of them
    for (const [token, parameter, kind] of this.sent.matchAll(/\u001b(?:\[(\d*)([A-Za-z])|[78])|[^\u001b]/gu)) {
      if (kind === 'G') at = Number(parameter) - 1;
      else if (kind === 'K') line = erase[Number(parameter || 0) as 0 | 1 | 2]();
      else if (token.length === 1 || !token.startsWith('\u001b')) {
        line = line.slice(0, at) + token + line.slice(at + 1);
        at++;
      }
    }
    return line.trimEnd();
  }
}

function makeBar(terminal: Terminal) {
  return createProgressBar(terminal as unknown as NodeJS.WriteStream, () => ({ ...PLAIN_PAGE, columns: 60 }));
}

describe('createProgressBar', () => {
  it('draws one line, redraws it, and leaves nothing when it is hidden', async () => {
    const terminal = new Terminal();
    const bar = await makeBar(terminal);
    bar.show(EVENT, START);
    expect(terminal.line).toBe('epoch 1/10 ────────────   1/106 · loss 2.0000 · ETA 2 s');
    bar.hide();
    expect(terminal.line).toBe('');
    bar.show({ ...EVENT, stepInEpoch: 106 }, START);
    expect(terminal.line).toContain('━ 106/106');
    bar.hide();
    expect(terminal.line).toBe('');
    expect(terminal.sent).not.toContain('\n');
  });

  it('changes no setting of the terminal that would outlive a killed process', async () => {
    const terminal = new Terminal();
    const bar = await makeBar(terminal);
    bar.show(EVENT, START);
    bar.hide();
    // Private modes (cursor, line wrapping) begin with CSI ?.
    expect(terminal.sent).not.toContain('\u001b[?');
  });

  it('may be hidden before it was ever shown', async () => {
    const terminal = new Terminal();
    (await makeBar(terminal)).hide();
    expect(terminal.sent).toBe('');
  });
});
