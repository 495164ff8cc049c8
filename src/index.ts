// lockstep's public API. Importing it starts no thread and prints nothing.
export { ConfigError, loadConfig, parseConfig } from './config/load-config.ts';
export type { TrainConfig } from './config/train-config.ts';
export type {
  BestEpoch,
  EndEvent,
  EpochEvent,
  NoticeEvent,
  PhaseMs,
  ProgressEvent,
  StartEvent,
  StepEvent,
  Summary,
  TrainEvent,
} from './experiment/events.ts';
export { type TrainOptions, type TrainResult, train } from './experiment/train.ts';
export { type VerifiedRun, type VerifyOptions, verify } from './experiment/verify.ts';
