// A function of tensors that somebody else wrote → a model's nodes, or an error that shows where in their file. Coordinator only.
import { ModelError } from '../graph/model-error.ts';
import type { ModelFunction } from './build-model.ts';
import { createModelLayers, type ModelLayers } from './model-layers.ts';
import { describeValue, ModelTensor } from './model-tensor.ts';
import { type UserFrame, userFrames } from './user-frames.ts';

/** What the default export of a model's file has to be. */
export type CustomModel = (x: ModelTensor, nn: ModelLayers) => ModelTensor;

/** A loaded file. */
export interface ModelModule {
  /** Absolute. */
  readonly path: string;
  /** As errors call it. */
  readonly file: string;
  readonly define: CustomModel;
}

/**
 * Makes a module traceable: its function is called once, with a symbol for the inputs.
 * @throws ModelError, when traced, for whatever the function throws and whatever else than a tensor it returns.
 */
export function customModel(module: ModelModule): ModelFunction {
  return (trace, x) => {
    const result = callOnce(module, new ModelTensor(trace, x), createModelLayers(trace));
    if (result instanceof ModelTensor) return ModelTensor.nodeOf(result, trace, 'what the model returns');
    const advice = result === undefined ? 'add a return' : 'return a tensor';
    throw new ModelError(
      `${module.file}: expected the model to return its output tensor, got ${describeValue(result)}; ${result instanceof Promise ? NOT_ASYNC : advice}`,
    );
  };
}

const NOT_ASYNC = 'remove async: a model is traced, so that it has nothing to wait for';

function callOnce({ define, path, file }: ModelModule, x: ModelTensor, nn: ModelLayers): unknown {
  const { stackTraceLimit } = Error;
  // Layers inside layers make lockstep's own part of a stack long.
  Error.stackTraceLimit = 100;
  try {
    const result: unknown = define(x, nn);
    // What the promise will fail with is of no use to anybody: that there is one is the error.
    if (result instanceof Promise) result.catch(() => {});
    return result;
  } catch (cause) {
    const frames = userFrames(cause, path, file);
    const where = frames[0]?.place ?? file;
    const message =
      cause instanceof ModelError
        ? `${where} ${cause.message}`
        : `${where}: expected the model's function to return, got ${nameError(cause)}; correct it there`;
    throw new ModelError([message, ...frames.map(formatFrame)].join('\n'), { cause });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function nameError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : describeValue(error);
}

function formatFrame({ functionName, place }: UserFrame): string {
  return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`;
}
