// The config that a run began with and the one that it shall go on with → what differs of the keys that decide the bits. Pure.
import { hashedLeaves } from '../config/config-hash.ts';
import type { TrainConfig } from '../config/train-config.ts';

/** The keys that no compiled plan depends on: a stored one still fits when they change. */
const PLAN_FREE_KEYS = ['schedule', 'clip', 'averaging', 'until', 'epochs', 'steps', 'seed'];
const LENGTH_KEYS = ['epochs', 'steps'];

/** A value that differs, by its path. */
export interface ConfigChange {
  path: string;
  /** JSON; `–` where there is none. */
  before: string;
  after: string;
}

/** What differs, in the order of paths; where the data lies is no difference. */
export function findConfigChanges(before: TrainConfig, after: TrainConfig): ConfigChange[] {
  const old = hashedLeaves(before);
  const now = hashedLeaves(after);
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => ({ path, before: old.get(path) ?? '–', after: now.get(path) ?? '–' }));
}

/** `optimizer.lr: 0.1 → 0.01`. */
export function describeChange({ path, before, after }: ConfigChange): string {
  return `${path}: ${before} → ${after}`;
}

/** Whether it is one of the length, which may be raised. */
export function isOfLength({ path }: ConfigChange): boolean {
  return LENGTH_KEYS.includes(path);
}

/** Whether the model has to be compiled again. */
export function needsNewPlan(changes: readonly ConfigChange[]): boolean {
  return changes.some(({ path }) => {
    const [key] = path.split('.');
    // Groups decide what is frozen, and what is told of an evaluation is summed in it.
    if (key === 'optimizer') return path.startsWith('optimizer.groups');
    if (key === 'evaluation') return path === 'evaluation.metric' || path.startsWith('evaluation.metrics');
    return !PLAN_FREE_KEYS.includes(key);
  });
}

/** Schedules that end with the run where they name no length of their own. */
export function isScheduleTiedToLength({ schedule }: TrainConfig): boolean {
  if (schedule === undefined) return false;
  const isTied = ['polynomial', 'cosine', 'oneCycle'].includes(schedule.name);
  return isTied && !('totalSteps' in schedule && schedule.totalSteps !== undefined);
}
