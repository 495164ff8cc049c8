// A model, as a config lists it, → a table of its layers to be printed. Coordinator only.
import { type LoadedConfig, parseConfig } from '../config/load-config.ts';
import type { TrainConfig } from '../config/train-config.ts';
import { openDataset } from '../data/dataset.ts';
import { ModelError } from '../graph/model-error.ts';
import { formatShape } from '../graph/tensor-type.ts';
import { describeLayers, type ModelLayer, type SampleSpec } from '../nn/build-model.ts';

/** What a model's layers are described for. */
export interface DescribeOptions {
  /** One sample's shape, such as `[1, 28, 28]`; where it is left out, that of the config's data, which is opened. */
  readonly inputShape?: readonly number[];
  /** Where relative paths of the config's data start; the current folder. */
  readonly baseDir?: string;
}

/**
 * A table of layers: name, kind, shape of the output (`-1` the samples) and parameters, with their sum.
 * @param model the `model:` list of a config, with an `inputShape`; or a config: what `loadConfig` or `parseConfig` gives, or such an object
 * @throws ConfigError where a layer or the config is not valid, ModelError where shapes do not fit or an `inputShape` is missing.
 */
export function describe(model: readonly object[] | object, options: DescribeOptions = {}): string {
  if (typeof model !== 'object' || model === null) {
    throw new ModelError(
      `describe: expected layers or a config, got ${JSON.stringify(model)}; for a file write describe(loadConfig('my-run.yaml'))`,
    );
  }
  const { config, samples } = Array.isArray(model) ? readLayers(model, options) : readConfig(model, options);
  if (typeof config.model === 'string') {
    throw new ModelError(
      `describe: expected layers or a family, got the module ${config.model}; use lockstep plan, which runs it`,
    );
  }
  return formatRows(describeLayers(config.model, config.loss, samples), samples.input.shape);
}

interface Described {
  config: TrainConfig;
  samples: SampleSpec;
}

function readLayers(model: readonly unknown[], { inputShape }: DescribeOptions): Described {
  if (inputShape === undefined) {
    throw new ModelError(
      'describe: expected an inputShape beside a list of layers, got none; write { inputShape: [784] }',
    );
  }
  // The rest of the config stands there so that the list is checked as it is in a config, with the same messages.
  const config = parseConfig({ data: { source: 'digits' }, model, loss: 'crossEntropy' });
  return { config, samples: { input: { shape: inputShape }, target: { kind: 'class', classes: 2 } } };
}

function readConfig(given: object, { inputShape, baseDir }: DescribeOptions): Described {
  const { config, baseDir: folder } = isLoaded(given) ? given : { config: parseConfig(given), baseDir: '.' };
  const { spec } = openDataset(config.data, config.seed, baseDir ?? folder);
  return { config, samples: inputShape === undefined ? spec : { ...spec, input: { shape: inputShape } } };
}

function isLoaded(given: object): given is LoadedConfig {
  return 'config' in given && 'baseDir' in given;
}

function formatRows(rows: readonly ModelLayer[], inputShape: readonly number[]): string {
  const total = rows.reduce((sum, { parameters }) => sum + parameters, 0);
  const cells = [
    ['layer', 'kind', 'output', 'parameters'],
    ['input', '', formatOutput(inputShape), ''],
    ...rows.map(({ name, kind, outputShape, parameters }) => [
      name,
      kind,
      formatOutput(outputShape),
      formatCount(parameters),
    ]),
    ['total', '', '', formatCount(total)],
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const isNumber = (column: number): boolean => column === 3;
  const pad = (cell: string, i: number): string => (isNumber(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]));
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

function formatOutput(shape: readonly number[]): string {
  return formatShape([-1, ...shape]);
}

/** `1234567` as `1,234,567`, in every locale. */
function formatCount(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, ',');
}
