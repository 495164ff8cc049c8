// lockstep's public API. Importing it starts no thread and prints nothing.
export { ConfigError, loadConfig, parseConfig } from './config/load-config.ts';
export type { TrainConfig } from './config/train-config.ts';
export type { NumberArray, NumberValues, TrainArrays } from './data/memory-array.ts';
export { concat } from './eager/concat.ts';
export {
  arange,
  full,
  ones,
  type RandomOptions,
  randn,
  type TensorOptions,
  type TypedNumbers,
  tensor,
  uniform,
  zeros,
} from './eager/creation.ts';
export { type DescribeOptions, describe } from './eager/describe.ts';
export { type GradientsOf, grad, valueAndGrad } from './eager/grad.ts';
export { type GradCheckOptions, type GradCheckPlace, type GradCheckResult, gradCheck } from './eager/grad-check.ts';
export { noGrad } from './eager/grad-mode.ts';
export type {
  AvgPoolOptions,
  ConvolutionOptions,
  ConvTransposeOptions,
  PoolingOptions,
  UpsampleOptions,
} from './eager/image-methods.ts';
export { crossEntropy, mse } from './eager/losses.ts';
export type { Axes, PairOption } from './eager/method-options.ts';
export type { Ids } from './eager/method-rules.ts';
export type { GeluOptions, ReduceOptions, SelfAttentionOptions } from './eager/methods.ts';
export type { NestedNumbers } from './eager/nested-numbers.ts';
export type { NormOptions, RowNormOptions } from './eager/normalization-methods.ts';
export { Tensor } from './eager/tensor.ts';
export { type EvaluateOptions, type EvaluationResult, evaluateRun as evaluate } from './experiment/evaluate-run.ts';
export type {
  BestEpoch,
  CheckpointEvent,
  EndEvent,
  EpochEvent,
  FoldEndEvent,
  FoldEvent,
  NoticeEvent,
  PhaseMs,
  ProgressEvent,
  StartEvent,
  StepEvent,
  Summary,
  TrainEvent,
  WorkersEvent,
} from './experiment/events.ts';
export type { FoldFigures, FoldSummary } from './experiment/fold-summary.ts';
export { type FinishedRun, resume, type TrainOptions, type TrainResult, train } from './experiment/train.ts';
export type { ProcessKill, Verified, VerifiedRun } from './experiment/verified.ts';
export { type VerifyOptions, verify } from './experiment/verify.ts';
export { ModelError } from './graph/model-error.ts';
export type { GeneratedText, GenerateOptions } from './predict/generate.ts';
export type { Prediction } from './predict/outputs.ts';
export { type LoadOptions, loadModel, type Row, type TrainedModel } from './predict/trained-model.ts';
