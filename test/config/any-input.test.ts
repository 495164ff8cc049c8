import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '#src/config/load-config.js';
import { configs, SMALLEST_TEXT } from './config-cases.ts';

// The form that every error has; what zod says where a schema has no phrase of its own begins like that.
const FORM = /^[^\n]+: expected (?!Invalid|Too |Unrecognized|undefined)[^\n]+, got [^\n]+; [^\n]+$/u;

/** Whatever comes in, it becomes a config or errors of the form. */
function expectConfigOrIssues(action: () => unknown): void {
  try {
    expect(Object.isFrozen(action())).toBe(true);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.issues.length).toBeGreaterThan(0);
    for (const issue of error.issues) expect(issue).toMatch(FORM);
  }
}

/** A value of a config's kinds in the place of one that is right. */
const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    -1,
    0,
    1.5,
    1e300,
    1e-300,
    '',
    'auto',
    'full',
    '12',
    [],
    {},
    [{}],
    null,
    Number.NaN,
    2 ** 53,
    true,
  ),
  fc.anything({ maxDepth: 1 }),
);

/** One of the places in a config, and the config with another value there. */
function replaceSomewhere(value: unknown, steps: readonly number[], replacement: unknown): unknown {
  if (typeof value !== 'object' || value === null || steps.length === 0) return replacement;
  const keys = [...Object.keys(value), 'extra'];
  const key = keys[steps[0] % keys.length];
  const child = replaceSomewhere((value as Record<string, unknown>)[key], steps.slice(1), replacement);
  if (Array.isArray(value)) return key === 'extra' ? [...value, child] : value.with(Number(key), child);
  return { ...value, [key]: child };
}

describe('whatever comes in becomes a config or errors of the usual form', () => {
  it('as an object with a wrong value somewhere', () => {
    const steps = fc.array(fc.nat(30), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(configs, steps, junk, (config, path, value) => {
        expectConfigOrIssues(() => parseConfig(replaceSomewhere(config, path, value)));
      }),
      { numRuns: 500 },
    );
  });

  it('as a value of any type', () => {
    fc.assert(fc.property(fc.anything(), (value) => expectConfigOrIssues(() => parseConfig(value))));
  });

  it('as a text', () => {
    const yaml = fc.string({ unit: fc.constantFrom(...'a:b-?[]{},&*!|>\'"%@`#\n\t 01.~\\\ud800é'), maxLength: 40 });
    fc.assert(
      fc.property(yaml, (text) => {
        expectConfigOrIssues(() => parseConfig(text));
        expectConfigOrIssues(() => parseConfig(SMALLEST_TEXT + text));
      }),
      { numRuns: 1000 },
    );
  });

  it('as overrides', () => {
    const key = fc.constantFrom('seed', 'data.batchSize', 'model.0', 'model.0.dense', 'clip.norm', 'x', 'data', '');
    const override = fc.oneof(
      fc.string(),
      fc.tuple(key, fc.string()).map((pair) => pair.join('=')),
      fc.tuple(key, fc.jsonValue({ maxDepth: 2 })).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    );
    fc.assert(
      fc.property(fc.array(override, { maxLength: 4 }), (overrides) => {
        expectConfigOrIssues(() => parseConfig(SMALLEST_TEXT, { overrides }));
      }),
      { numRuns: 1000 },
    );
  });
});
