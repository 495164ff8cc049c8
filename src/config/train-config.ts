export type { TrainConfig } from './config-schema.ts';
