// All interleavings of the engine's own machines, as far as the bounds reach, and that the rules of the protocol are needed.
import { describe, expect, test } from 'vitest';
import { DROPPED_RULES, type DroppedRule, type ModelSpec } from './model.ts';
import { explore, walk } from './search.ts';

/** `npm run test:protocol` searches everything to its end. */
const IS_FULL = process.env.LOCKSTEP_TEST === 'full';
/** Of a search that is not to its end; some 60,000 a second. */
const MOST_STATES = 60_000;
const WALKS = IS_FULL ? 5000 : 150;
const TIME = { timeout: IS_FULL ? 7_200_000 : 60_000 };

const TWO_STEPS: ModelSpec = { firstStep: 0, endStep: 2, crashes: 0 };
const TWO_STEPS_WITH_BACKUPS: ModelSpec = { ...TWO_STEPS, allowsBackups: true };

/** 2 workers, 2 shards, 2 ranges. */
const SEARCHES: readonly [string, ModelSpec][] = [
  ['two steps of nobody but the workers', TWO_STEPS],
  ['the same with backup copies', TWO_STEPS_WITH_BACKUPS],
  ['two crashes', { ...TWO_STEPS, crashes: 2 }],
  ['two crashes with a norm phase', { ...TWO_STEPS, crashes: 2, hasNorm: true }],
  ['backup copies and a crash', { ...TWO_STEPS, crashes: 1, allowsBackups: true }],
  ['two resizes and a crash', { ...TWO_STEPS, crashes: 1, hasResize: true }],
  ['a reader and a crash from the start of step 1', { firstStep: 1, endStep: 3, crashes: 1, hasReader: true }],
];

/** Those that are searched to their end in any case. */
const IS_SMALL = new Set([TWO_STEPS, TWO_STEPS_WITH_BACKUPS]);

/**
 * The search leaves out what nothing to come tells apart. Walks that leave out nothing look up all that they come by: a search to its end has
 * seen it.
 */
describe('no interleaving breaks an invariant or leaves nothing that can move', () => {
  test.each(SEARCHES)('%s', TIME, (title, spec) => {
    const isWhole = IS_FULL || IS_SMALL.has(spec);
    const { searched, walked, lookedUp } = explore(spec, isWhole ? Number.POSITIVE_INFINITY : MOST_STATES, WALKS);
    expect(searched.violation).toBeUndefined();
    expect(searched.isComplete).toBe(isWhole);
    expect(walked.violation).toBeUndefined();
    expect(walked.ends).toBe(WALKS);
    if (!isWhole) return;
    expect(searched.ends).toBeGreaterThan(0);
    expect(searched.states).toBeGreaterThan(10_000);
    expect(lookedUp).toBeGreaterThan(50 * WALKS);
    if (IS_FULL) console.log(`${title}: all ${searched.states} states; ${lookedUp} of ${WALKS} walks looked up`);
  });
});

/** In which search, and what may come of it: d nothing can move, v an invariant does not hold. */
const CAUGHT: Record<DroppedRule, [ModelSpec, 'd' | 'v' | 'dv']> = {
  'publish by compare-and-swap': [{ ...TWO_STEPS, crashes: 1, allowsBackups: true }, 'v'],
  'ring after a sweep': [{ ...TWO_STEPS, crashes: 1, allowsBackups: true }, 'd'],
  'sweep shards': [{ ...TWO_STEPS, crashes: 2 }, 'd'],
  'sweep ranges': [{ ...TWO_STEPS, crashes: 2 }, 'd'],
  'watch exits in a hold': [{ ...TWO_STEPS, crashes: 2 }, 'd'],
  'sweep ranges only after the thread is gone': [{ ...TWO_STEPS, crashes: 2 }, 'dv'],
  'two generations': [{ ...TWO_STEPS, crashes: 2 }, 'v'],
  'copy only under a hold': [{ firstStep: 1, endStep: 3, crashes: 0, hasReader: true }, 'v'],
  'a reader rings when it is done': [{ firstStep: 1, endStep: 3, crashes: 0, hasReader: true }, 'd'],
  'read the bell before looking for work': [TWO_STEPS, 'd'],
  'ring after the control word changes': [TWO_STEPS, 'd'],
  'bell + 1 before reading the sleepers': [{ firstStep: 1, endStep: 3, crashes: 0, hasReader: true }, 'd'],
  'deal buffers only while nobody runs': [{ ...TWO_STEPS, crashes: 2 }, 'v'],
  'deal the complement of the slots': [{ ...TWO_STEPS, crashes: 2 }, 'v'],
  'only the coordinator un-parks': [{ ...TWO_STEPS, crashes: 2 }, 'v'],
  'no backup copies of ranges': [TWO_STEPS, 'v'],
  'a phase ends when all is done': [TWO_STEPS, 'v'],
  'assign, never accumulate': [{ ...TWO_STEPS, crashes: 1 }, 'v'],
};

/** The search comes to these behind its first 200,000 states. */
const IS_FOUND_LATE = new Set<DroppedRule>([
  'ring after a sweep',
  'sweep shards',
  'sweep ranges',
  'watch exits in a hold',
  'sweep ranges only after the thread is gone',
  'only the coordinator un-parks',
  'assign, never accumulate',
]);

describe('each rule is needed: without it walks fail, and so does the search', () => {
  const kindOf = (violation: string | undefined): string =>
    violation === undefined ? 'none' : violation === 'nothing can move' ? 'd' : 'v';

  test.each(DROPPED_RULES)('%s', TIME, (without) => {
    const [spec, kinds] = CAUGHT[without];
    expect(kinds).toContain(kindOf(walk({ ...spec, without }, 3000).violation));
    if (!IS_FULL && IS_FOUND_LATE.has(without)) return;
    const { searched } = explore({ ...spec, without }, IS_FULL ? Number.POSITIVE_INFINITY : 200_000, 0);
    expect(kinds).toContain(kindOf(searched.violation));
    if (IS_FULL) console.log(`without ${without}: ${searched.violation}, after ${searched.states} states`);
  });
});
