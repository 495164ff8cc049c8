import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StopSignals } from '#src/cli/stop-signals.js';

type Listener = (signal: NodeJS.Signals) => void;

const exit = vi.spyOn(process, 'exit');
const onFirst = vi.fn();
let signals: StopSignals;

beforeEach(() => {
  exit.mockReset().mockImplementation(() => undefined as never);
  onFirst.mockReset();
  signals = new StopSignals(onFirst);
});
afterEach(() => signals.release());

/** Calls the listener that was added last: no other one of the test runner's process hears of it. */
function send(name: 'SIGINT' | 'SIGTERM'): void {
  (process.listeners(name).at(-1) as Listener)(name);
}

describe('StopSignals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('the first %s aborts and gives exit code %i, the second ends the process with it', (name, code) => {
    expect([signals.signal.aborted, signals.exitCode]).toEqual([false, null]);
    send(name);
    expect([signals.signal.aborted, signals.exitCode]).toEqual([true, code]);
    expect(exit).not.toHaveBeenCalled();
    send(name);
    expect(exit).toHaveBeenCalledExactlyOnceWith(code);
    expect(onFirst).toHaveBeenCalledOnce();
  });

  it('tells the person who waits before it aborts', () => {
    onFirst.mockImplementation(() => expect(signals.signal.aborted).toBe(false));
    send('SIGINT');
    expect(onFirst).toHaveBeenCalledOnce();
  });

  it('keeps the code of the first signal where another one follows', () => {
    send('SIGTERM');
    send('SIGINT');
    expect(signals.exitCode).toBe(143);
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  });

  it('aborts without a word when the reader of stdout has gone, and on no other error', () => {
    const onError = process.stdout.listeners('error').at(-1) as (error: NodeJS.ErrnoException) => void;
    onError(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    expect(signals.signal.aborted).toBe(false);
    onError(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    expect([signals.signal.aborted, signals.exitCode]).toEqual([true, 141]);
    expect(onFirst).not.toHaveBeenCalled();
  });

  it('listens to nothing after its release', () => {
    const counts = () => [
      process.listenerCount('SIGINT'),
      process.listenerCount('SIGTERM'),
      process.stdout.listenerCount('error'),
    ];
    const during = counts();
    signals.release();
    expect(counts()).toEqual(during.map((count) => count - 1));
  });
});
