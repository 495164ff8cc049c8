// A loss and the samples' targets → an error where these are values that the loss says nothing sensible of. Coordinator, before training.
import { type Targets, targetElements } from '../data/source.ts';
import { ModelError } from '../graph/model-error.ts';
import { lossOptions } from '../nn/loss.schema.ts';
import type { PreparedRun } from './prepare.ts';

/** The targets that a loss of values is defined for. */
const RANGES: Readonly<Record<string, { from: number; to: number; phrase: string }>> = {
  bceWithLogits: { from: 0, to: 1, phrase: 'from 0 to 1' },
  kl: { from: 0, to: Number.POSITIVE_INFINITY, phrase: 'of 0 or more, as probabilities are,' },
};

/** @throws ModelError with the sample whose target lies outside of what the loss is for. */
export function checkTargets({ config, dataset }: PreparedRun, targets: Targets): void {
  const { target } = dataset.spec;
  const { name } = lossOptions(config.loss);
  const range = RANGES[name];
  if (target.kind !== 'values' || range === undefined) return;
  const { from, to, phrase } = range;
  const outside = targets.findIndex((value) => !(value >= from && value <= to));
  if (outside < 0) return;
  const sample = Math.floor(outside / targetElements(target));
  throw new ModelError(
    `loss: expected targets ${phrase} for ${name}, got ${targets[outside]} in sample ${sample}; scale them, or set loss: mse`,
  );
}
