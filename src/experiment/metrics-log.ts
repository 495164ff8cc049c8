// Step and epoch events → the lines of metrics.jsonl and results.csv; the coordinator. Each line is one write, so a reader that
// follows the file sees whole lines.

import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { isScalarMetric } from '../nn/metrics.schema.ts';
import type { EpochEvent, RecoveryEvent, ResizeEvent, StepEvent, StragglerEvent } from './events.ts';
import type { RunFolder } from './run-folder.ts';

/** The two growing files of a run. */
export class MetricsLog {
  readonly #metrics: number;
  readonly #results: number;
  readonly #more: readonly string[];

  /**
   * @param metrics further metrics of the validation part: those of one number get a column each
   * @param metric what the epochs' metrics are, for the names of the columns: `accuracy` gives `trainAccuracy`
   */
  constructor(folder: RunFolder, metric: string, metrics: readonly string[] = []) {
    this.#more = metrics;
    this.#metrics = openSync(folder.file('metrics.jsonl'), 'a');
    this.#results = openSync(folder.file('results.csv'), 'a');
    // A run that goes on has its rows already.
    if (fstatSync(this.#results).size === 0) writeSync(this.#results, resultsHeader(metric, metrics));
  }

  addStep(event: StepEvent): void {
    writeSync(this.#metrics, metricsLine(event));
  }

  /** What happened to the workers, between the windows of steps: told apart by its `type`, which those do not have. */
  addWorkers(event: RecoveryEvent | ResizeEvent | StragglerEvent): void {
    writeSync(this.#metrics, `${JSON.stringify(event)}\n`);
  }

  addEpoch(event: EpochEvent): void {
    writeSync(this.#results, resultsRow(event, this.#more));
  }

  close(): void {
    closeSync(this.#metrics);
    closeSync(this.#results);
  }
}

/** A window of steps as a line of JSON; JSON has no NaN or infinity, so a loss that is none is null. */
export function metricsLine({ type: _, ...record }: StepEvent): string {
  return `${JSON.stringify(record)}\n`;
}

/** The first line of results.csv. */
export function resultsHeader(metric: string, metrics: readonly string[] = []): string {
  const name = capitalize(metric);
  const more = metricColumns(metrics).map((other) => `,validation${capitalize(other)}`);
  return `epoch,step,seconds,lr,trainLoss,train${name},validationLoss,validation${name},samplesPerSecond,stepMs,isBest${more.join('')}\n`;
}

/** The accuracy has a column already, and lists are in the events alone. */
function metricColumns(metrics: readonly string[]): string[] {
  return metrics.filter((name) => name !== 'accuracy' && isScalarMetric(name));
}

function capitalize(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** An epoch as a row of results.csv; what was not evaluated stays empty. Full precision, so that equal runs have equal rows. */
export function resultsRow(event: EpochEvent, metrics: readonly string[] = []): string {
  const {
    epoch,
    step,
    seconds,
    lr,
    trainLoss,
    trainMetric,
    validationLoss,
    validationMetric,
    samplesPerSecond,
    stepMs,
  } = event;
  const more = metricColumns(metrics).map((name) => event.validationMetrics?.[name] ?? '');
  const cells = [
    epoch,
    step,
    seconds,
    lr,
    trainLoss,
    trainMetric,
    validationLoss,
    validationMetric,
    samplesPerSecond,
    stepMs,
  ];
  return `${cells.map((cell) => cell ?? '').join(',')},${[event.isBest ? 1 : 0, ...more].join(',')}\n`;
}
