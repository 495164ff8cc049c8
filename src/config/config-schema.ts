// Composes the options schemas that the parts export into the one strict schema of a config. Coordinator only.
import type { z } from 'zod';
import { dataSchema } from '../data/data.schema.ts';
import {
  maxWorkersSchema,
  microBatchSchema,
  numericsSchema,
  recomputeSchema,
  recoverySchema,
  shardsSchema,
  untilSchema,
  workersAtSchema,
  workersSchema,
} from '../engine/engine.schema.ts';
import {
  checkpointSchema,
  descriptionSchema,
  type EvaluationConfig,
  epochsSchema,
  evaluationSchema,
  ledgerSchema,
  loggingSchema,
  memorySchema,
  nameSchema,
  seedSchema,
  stepsSchema,
} from '../experiment/experiment.schema.ts';
import { faultsSchema } from '../experiment/faults.schema.ts';
import { type LossConfig, lossSchema, type ModelConfig, modelSchema } from '../nn/nn.schema.ts';
import { averagingSchema, clipSchema, optimizerSchema } from '../optim/optim.schema.ts';
import { scheduleSchema } from '../optim/schedule.schema.ts';
import { type Frozen, mapping } from './scalars.schema.ts';

/** Every key of a config. Their order is the order in which a resolved config is written. */
export const configSchema = mapping({
  name: nameSchema.optional().describe('the run folder is called so; the name of the file where nothing is said'),
  description: descriptionSchema,
  seed: seedSchema,
  data: dataSchema.describe('where the samples come from and how they are cut into batches and parts'),
  shards: shardsSchema,
  workers: workersSchema,
  maxWorkers: maxWorkersSchema,
  memory: memorySchema,
  workersAt: workersAtSchema,
  numerics: numericsSchema,
  model: modelSchema.describe('the layers from input to output, a family of models, or the path of a module'),
  loss: lossSchema.describe('what training lowers'),
  microBatch: microBatchSchema,
  recompute: recomputeSchema,
  optimizer: optimizerSchema.prefault({}).describe('how gradients change weights; adam where nothing is said'),
  clip: clipSchema.optional().describe('limits the elements or the global norm of the gradient'),
  averaging: averagingSchema.optional().describe('keeps an average of the weights beside them'),
  schedule: scheduleSchema.optional().describe('how the learning rate goes on; constant where nothing is said'),
  epochs: epochsSchema,
  steps: stepsSchema,
  until: untilSchema.describe('what ends the run before its length is over'),
  evaluation: evaluationSchema,
  checkpoint: checkpointSchema,
  logging: loggingSchema,
  ledger: ledgerSchema,
  recovery: recoverySchema,
  faults: faultsSchema.optional().describe('what shall go wrong, for tests; decides no bit'),
});

/** What the schema makes of a config before the defaults that depend on other keys are known. */
export type ParsedConfig = z.output<typeof configSchema>;

/** A resolved config: every default filled in, frozen to the leaves; it has either `epochs` or `steps`. */
export interface TrainConfig extends Frozen<Omit<ParsedConfig, 'name' | 'model' | 'loss' | 'evaluation'>> {
  readonly name: string;
  readonly model: ModelConfig;
  readonly loss: LossConfig;
  readonly evaluation: EvaluationConfig;
}
