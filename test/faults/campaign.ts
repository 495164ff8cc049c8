// Three small trainings, a worker count and a seed → a run with many faults or resizes, and the hash that it ends with.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, type Summary, type TrainEvent, train } from '#src/index.js';

/** `LOCKSTEP_TEST=full` (`npm run test:faults`) takes minutes; else seconds. */
export const IS_FULL = process.env.LOCKSTEP_TEST === 'full';

/** What the trainings have of their own; each is evaluated every epoch. */
export const TRAININGS = {
  sgd: {
    data: { source: 'synthetic', samples: 2400, features: 24, classes: 3, batchSize: 96, validation: 0.1, test: 0.1 },
    model: [{ dense: 32, activation: 'tanh' }, { dense: 3 }],
    optimizer: { name: 'sgd', lr: 0.05, momentum: 0.9 },
    epochs: 4,
  },
  'adam with clipping': {
    data: { source: 'synthetic', samples: 2400, features: 24, classes: 3, batchSize: 96, validation: 0.1, test: 0.1 },
    model: [{ dense: 64, activation: 'relu' }, { dense: 32, activation: 'relu' }, { dense: 3 }],
    optimizer: { name: 'adam', lr: 0.01 },
    clip: { norm: 0.5 },
    averaging: { ema: 0.99 },
    epochs: 4,
  },
  'cnn with batch norm and dropout': {
    data: { source: 'digits', batchSize: 128, validation: 0.1, test: 0.1 },
    model: [
      { conv: 8, padding: 'same' },
      { batchNorm: true },
      { activation: 'relu' },
      { maxPool: 2 },
      { flatten: true },
      { dropout: 0.3 },
      { dense: 10 },
    ],
    optimizer: { name: 'adamw', lr: 0.003 },
    epochs: 6,
  },
} as const;
export type TrainingName = keyof typeof TRAININGS;

export interface CampaignRun {
  summary: Summary;
  recoveries: Extract<TrainEvent, { type: 'recovery' }>[];
  resizes: Extract<TrainEvent, { type: 'resize' }>[];
}

/** Trains to the end in a folder of its own; `onEvent` may write the run's control.json. */
export async function runTraining(
  name: TrainingName,
  keys: Record<string, unknown>,
  onEvent: (event: TrainEvent, runFolder: string) => void = () => {},
): Promise<CampaignRun> {
  const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-'));
  const recoveries: CampaignRun['recoveries'] = [];
  const resizes: CampaignRun['resizes'] = [];
  const config = parseConfig({
    name: 'campaign',
    shards: 8,
    numerics: 'portable',
    loss: 'crossEntropy',
    logging: { everySteps: 1 },
    ...TRAININGS[name],
    ...keys,
  });
  try {
    const { summary } = await train(config, {
      runsDir,
      onEvent: (event) => {
        if (event.type === 'progress') return;
        if (event.type === 'recovery') recoveries.push(event);
        if (event.type === 'resize') resizes.push(event);
        onEvent(event, join(runsDir, 'campaign'));
      },
    });
    return { summary, recoveries, resizes };
  } finally {
    rmSync(runsDir, { recursive: true });
  }
}

/** What a run has to end with, whatever happened in it. */
export function endOf({ stateSha256, weightsSha256, trainLoss, validationLoss, testLoss, best }: Summary): string {
  return JSON.stringify({ stateSha256, weightsSha256, trainLoss, validationLoss, testLoss, best });
}

/** As `lockstep resize` does it. */
export function askForWorkers(runFolder: string, workers: number): void {
  const path = join(runFolder, 'control.json');
  writeFileSync(`${path}.part`, JSON.stringify({ workers }));
  renameSync(`${path}.part`, path);
}
