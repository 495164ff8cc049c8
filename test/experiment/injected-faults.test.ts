// The faults that a config and LOCKSTEP_FAULTS ask for: which of them are of workers, which of the disk, and what is refused.
import { describe, expect, it } from 'vitest';
import { injectedFaults, writerFaults } from '#src/experiment/injected-faults.js';
import { smallConfig } from './small-config.ts';

const BOUNDS = { workers: 2, steps: 10 };
const config = smallConfig({
  faults: [
    { kind: 'enospc', file: 1 },
    { kind: 'kill', worker: 1, step: 3, phase: 'update' },
    { kind: 'fsyncError', file: 4 },
  ],
});
const ENVIRONMENT = '[{ kind: eio, file: 2 }, { kind: trap, worker: any, step: 5, shard: 1, moment: end }]';

describe('faults that are asked for', () => {
  it('are of workers or of the disk, whether the config asks or the environment', () => {
    expect(injectedFaults(config, BOUNDS, [], ENVIRONMENT)).toMatchObject([
      { kind: 'kill', seat: 1, step: 3, phase: 'update' },
      { kind: 'trap', step: 5, phase: 'shards', index: 1, moment: 'end' },
    ]);
    expect(writerFaults(config, [{ kind: 'shortWrite', file: 0 }], ENVIRONMENT)).toEqual([
      { kind: 'shortWrite', file: 0 },
      { kind: 'enospc', file: 1 },
      { kind: 'fsyncError', file: 4 },
      { kind: 'eio', file: 2 },
    ]);
  });

  it('are none where nobody asks', () => {
    expect(injectedFaults(smallConfig(), BOUNDS, [], '')).toEqual([]);
    expect(writerFaults(smallConfig(), [], undefined)).toEqual([]);
  });

  it.each([
    ['{ kind: kill }', 'LOCKSTEP_FAULTS: expected a list of faults such as'],
    [
      '[{ kind: burn }]',
      'LOCKSTEP_FAULTS.0.kind: expected throw, exit, .*, shortWrite, enospc, eio or fsyncError, got',
    ],
    ['[{ kind: enospc }]', 'LOCKSTEP_FAULTS.0.file: expected a whole number of 0 or more, got'],
    ['[', 'LOCKSTEP_FAULTS: expected a list of faults such as'],
  ])('%s in the environment is refused, for both', (text, message) => {
    for (const ask of [() => injectedFaults(config, BOUNDS, [], text), () => writerFaults(config, [], text)]) {
      expect(ask).toThrow(expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }));
    }
  });

  it.each([
    [
      { kind: 'enospc', file: 1, worker: 2 },
      /faults.0.worker: expected a known key, got worker; remove it: it belongs to throw, exit, .*, any, not to enospc/,
    ],
    [{ kind: 'enospc', file: -1 }, /faults.0.file: expected a whole number of 0 or more, got -1/],
    [{ kind: 'kil', worker: 1 }, /faults.0.kind: expected throw, .* or fsyncError, got "kil"/],
  ])('%j in a config is refused', (fault, message) => {
    expect(() => smallConfig({ faults: [fault] })).toThrow(message);
  });
});
