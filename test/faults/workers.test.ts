// Faults of all kinds at random places of three trainings, and random resizes: the hashes of one undisturbed worker.
import { beforeAll, describe, expect, test } from 'vitest';
import { endOf, IS_FULL, runTraining, TRAININGS, type TrainingName } from './campaign.ts';

const NAMES = Object.keys(TRAININGS) as TrainingName[];
const WORKER_COUNTS = [2, 3, 5];
/** Of each training with each worker count. */
const FAULTS = IS_FULL ? Math.ceil(1000 / (NAMES.length * WORKER_COUNTS.length)) : 4;
const FAULTS_A_RUN = IS_FULL ? 14 : 4;
const RESIZED_RUNS = IS_FULL ? 12 : 1;
/** Nobody is lost but to a fault; a hang is not waited for longer than a test has time for. */
const RECOVERY = { maxRestarts: 1000, deadlineSeconds: 0.75 };

const undisturbed = new Map<TrainingName, string>();
beforeAll(async () => {
  for (const name of NAMES) undisturbed.set(name, endOf((await runTraining(name, { workers: 1 })).summary));
});

const TIME = { timeout: IS_FULL ? 1_200_000 : 60_000 };

describe.each(NAMES)('%s', (name) => {
  test.each(WORKER_COUNTS)(
    `with %i workers bears ${FAULTS} faults and more without another bit`,
    TIME,
    async (workers) => {
      const causes = new Map<string, number>();
      let lost = 0;
      for (let seed = 1; lost < FAULTS; seed++) {
        const faults = [
          { kind: 'any', count: FAULTS_A_RUN, seed: seed * 1000 + workers },
          { kind: 'slow', worker: seed % workers, ms: 1 },
        ];
        const { summary, recoveries } = await runTraining(name, { workers, recovery: RECOVERY, faults });
        expect(endOf(summary), `seed ${seed}`).toBe(undisturbed.get(name));
        expect(summary.status).toBe('done');
        lost += recoveries.length;
        for (const { cause, phase } of recoveries) {
          const kind = `${cause.replace(/^worker.*: /, '').replace(/\d+ ms/, 'N ms')} (${phase})`;
          causes.set(kind, (causes.get(kind) ?? 0) + 1);
        }
        if (seed > FAULTS) throw new Error(`${lost} workers were lost in ${seed} runs`);
      }
      if (IS_FULL) console.log(`${name}, ${workers} workers: ${lost} lost\n`, Object.fromEntries([...causes].sort()));
    },
  );

  test('changes its number of workers between 1 and 8 every few steps without another bit', TIME, async () => {
    for (let run = 1; run <= RESIZED_RUNS; run++) {
      const workersAt: Record<number, number> = {};
      for (let step = 2, i = run; step < 60; step += 1 + ((i * 7) % 5), i++) workersAt[step] = 1 + ((i * 13 + run) % 8);
      const { summary, resizes } = await runTraining(name, { workers: 2, maxWorkers: 8, workersAt });
      expect(endOf(summary), `run ${run}`).toBe(undisturbed.get(name));
      expect(resizes.length).toBeGreaterThan(8);
    }
  });

  test('bears resizes and faults at once without another bit', TIME, async () => {
    for (let run = 1; run <= RESIZED_RUNS; run++) {
      const workersAt = { 3: 4, 9: 1, 14: 5, 20: 2, 28: 6, 33: 3 };
      const faults = [{ kind: 'any', count: 5, seed: run, worker: 'any' }];
      const keys = { workers: 3, maxWorkers: 8, workersAt, faults, recovery: RECOVERY };
      const { summary, recoveries } = await runTraining(name, keys);
      expect(endOf(summary), `run ${run}`).toBe(undisturbed.get(name));
      expect(recoveries.length).toBeGreaterThan(0);
    }
  });
});
