// The memory table of a run and the budget of its config → nothing, or a refusal before anything is allocated. Coordinator.
import { totalmem } from 'node:os';
import type { TrainConfig } from '../config/train-config.ts';
import { MemoryError } from '../engine/memory-map.ts';
import type { MemoryRow } from './events.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const BINARY_UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** The bytes that `memory` allows; `auto` is what this process may have of the machine. */
export function memoryBudget(memory: TrainConfig['memory']): number {
  if (typeof memory === 'number') return memory;
  if (memory === 'auto') return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const [, digits, unit, binary] = /^([\d.]+) *([KMGT]?)(i?)B$/i.exec(memory)!;
  const factors = binary === '' ? UNITS : BINARY_UNITS;
  return Math.floor(Number(digits) * factors[unit.toUpperCase()]);
}

/**
 * Refuses a run that would touch more than its budget.
 * @throws MemoryError with the table and what to change
 */
export function checkMemoryBudget(memory: TrainConfig['memory'], rows: readonly MemoryRow[]): void {
  const budget = memoryBudget(memory);
  const needed = rows.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  if (needed <= budget) return;
  const table = rows.map(({ region, residentBytes }) => `${region} ${mib(residentBytes)}`).join(', ');
  const [largest] = [...rows].sort((a, b) => b.residentBytes - a.residentBytes);
  const where = memory === 'auto' ? 'on this machine' : `(memory: ${memory})`;
  throw new MemoryError(
    `memory: expected at most ${mib(budget)} ${where}, got a run of ${mib(needed)} (${table}); ` +
      `lower ${ADVICE[largest.region] ?? 'workers'}, or raise memory`,
  );
}

/** What makes a region smaller. */
const ADVICE: Readonly<Record<string, string>> = {
  'weights and optimizer, two generations': 'the size of the model',
  'best weights': 'the size of the model',
  'reduced gradient': 'the size of the model',
  'checkpoint copies': 'the size of the model',
  'gradient slots': 'shards or workers',
  activations: 'data.batchSize, microBatch or workers',
  samples: 'the number of samples',
  'order of samples': 'the number of samples',
  scores: 'the number of samples',
};

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;
}
