// The end event → what stands under the training: result, throughput, where the time went, path, hashes, what next. Pure.
import { type BestEpoch, type EndEvent, PHASE_NAMES, type PhaseMs, type Summary } from '../experiment/events.ts';
import type { Page } from './page.ts';
import { presentFolds } from './present-folds.ts';
import {
  formatCount,
  formatCounted,
  formatDuration,
  formatLoss,
  formatMetric,
  formatMs,
  formatPercent,
  formatShare,
} from './present-number.ts';
import { joinParts } from './present-table.ts';

const LABEL_WIDTH = 10;
/** Enough of a hash to tell two runs apart by eye; the whole of it is in summary.json. */
const SHORT_HASH = 12;

/** What the end says besides the event. */
export interface EndOptions {
  /** Commands that can be run next, as they are typed. */
  next: readonly string[];
  /** False where the run folder was only a trial's and is gone. */
  isKept: boolean;
  /** Hashes in full, and those of config and plan too. */
  isVerbose: boolean;
}

/** Everything that is known after the last step, in the order in which it is read. */
export function presentEnd({ summary, runFolder }: EndEvent, options: EndOptions, page: Page): string {
  const lines = summary.folds === undefined ? [] : [presentFolds(summary.folds, summary, page), ''];
  lines.push(presentResult(summary, page));
  if (summary.best !== undefined) lines.push(labelled('best', bestParts(summary.best), page));
  const metrics = metricParts(summary);
  if (metrics.length > 0) lines.push(labelled('metrics', metrics, page));
  if (summary.leftOut !== undefined) lines.push(labelled('data', leftOutParts(summary.leftOut), page));
  const throughput = throughputParts(summary);
  if (throughput.length > 0) lines.push(labelled('speed', throughput, page));
  if (summary.phaseMs !== null) lines.push(labelled('time', shareParts(summary.phaseMs), page));
  const wait = waitParts(summary);
  if (wait.length > 0) lines.push(labelled('data', wait, page));
  if (summary.noise !== undefined) lines.push(labelled('noise', [summary.noise.advice], page));
  const results = options.isKept ? resultParts(summary, runFolder) : ['nothing kept: this was a trial'];
  lines.push(labelled('results', results, page));
  const hashes = hashParts(summary, options.isVerbose);
  if (hashes.length > 0) lines.push(labelled('hashes', hashes, page));
  options.next.forEach((command, i) => {
    lines.push(labelled(i === 0 ? 'next' : '', [command], page));
  });
  return lines.join('\n');
}

function labelled(label: string, parts: readonly string[], page: Page): string {
  const text = joinParts(parts, page, LABEL_WIDTH, label.padEnd(LABEL_WIDTH));
  return page.colors.dim(text.slice(0, LABEL_WIDTH)) + text.slice(LABEL_WIDTH);
}

/** `done · test accuracy 98.21 % · test loss 0.0612 · 10 epochs, 1,060 steps in 14.2 s`. */
export function presentResult(summary: Summary, page: Page): string {
  const { status, steps, epochs, testAccuracy, testLoss, trainLoss, durationMs } = summary;
  const parts: string[] = [status];
  const deviationOf = (name: 'testAccuracy' | 'testLoss', format: (value: number) => string): string => {
    const deviation = summary.deviation?.[name];
    return typeof deviation === 'number' ? ` ± ${format(deviation)}` : '';
  };
  if (testAccuracy !== null)
    parts.push(`test accuracy ${formatPercent(testAccuracy)}${deviationOf('testAccuracy', formatPercent)}`);
  if (testLoss !== null) parts.push(`test loss ${formatLoss(testLoss)}${deviationOf('testLoss', formatLoss)}`);
  else if (trainLoss !== null) parts.push(`training loss ${formatLoss(trainLoss)}`);
  const of = summary.folds === undefined ? '' : `${formatCounted(summary.folds.length, 'fold')}, `;
  const length = `${of}${formatCounted(epochs, 'epoch')}, ${formatCounted(steps, 'step')}`;
  parts.push(`${length} in ${formatDuration(durationMs / 1000)}`);
  const text = joinParts(parts, page);
  const paint = { done: page.colors.green, stopped: page.colors.yellow, failed: page.colors.red }[status];
  return page.colors.bold(paint(status) + text.slice(status.length));
}

function bestParts(best: BestEpoch): string[] {
  const parts = [`epoch ${best.epoch}`, `validation loss ${formatLoss(best.validationLoss)}`];
  // The metric that chose the epoch may be the loss once more.
  const { metricName = 'accuracy' } = best;
  if (best.metric !== best.validationLoss)
    parts.push(`validation ${metricName} ${formatMetric(metricName, best.metric)}`);
  if (best.testAccuracy !== undefined) parts.push(`test accuracy ${formatPercent(best.testAccuracy)}`);
  if (best.testLoss !== undefined) parts.push(`test loss ${formatLoss(best.testLoss)}`);
  return parts;
}

/** The metrics of one number, of the test part where there is one; all of them are in summary.json. */
function metricParts({ testMetrics, validationMetrics }: Summary): string[] {
  const part = testMetrics === undefined ? 'validation' : 'test';
  return Object.entries(testMetrics ?? validationMetrics ?? {}).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${part} ${name} ${formatMetric(name, value)}`] : [],
  );
}

function leftOutParts({ rows, skipped, dropped }: NonNullable<Summary['leftOut']>): string[] {
  const parts: string[] = [];
  if (skipped > 0) parts.push(`${formatCount(skipped)} of ${formatCounted(rows, 'row')} skipped, as they do not fit`);
  if (dropped > 0) parts.push(`${formatCount(dropped)} of ${formatCounted(rows, 'row')} dropped, as cells are missing`);
  return parts;
}

function throughputParts({ samplesPerSecond, stepMs }: Summary): string[] {
  const parts: string[] = [];
  if (samplesPerSecond !== null) parts.push(`${formatCount(samplesPerSecond)} samples/s`);
  if (stepMs !== null) parts.push(`${formatMs(stepMs.median)} ms a step (95 % within ${formatMs(stepMs.p95)} ms)`);
  return parts;
}

/** Less than this of a step is no reason to change anything. */
const LEAST_WAIT_SHARE = 0.03;

/** What waiting for samples cost, where that was much, and what to do. */
function waitParts({ sampleWait }: Summary): string[] {
  if (sampleWait === undefined || sampleWait.share < LEAST_WAIT_SHARE) return [];
  const { usPerStep, share } = sampleWait;
  const waited = `workers waited ${formatCount(usPerStep)} µs a step for samples (${formatShare(share)})`;
  return [waited, 'the disk is slower than the model: raise data.prefetch, use a faster disk, or smaller elements'];
}

/** Each phase's share of a step. */
function shareParts(phases: PhaseMs): string[] {
  const total = PHASE_NAMES.reduce((sum, name) => sum + phases[name], 0);
  return PHASE_NAMES.map((name) => `${name} ${formatShare(total === 0 ? 0 : phases[name] / total)}`);
}

function resultParts(summary: Summary, runFolder: string): string[] {
  if (summary.folds !== undefined) return [runFolder, 'summary.json', ...summary.folds.map(({ folder }) => folder)];
  const files = ['summary.json, results.csv'];
  if (summary.steps > 0) files.push('weights/last.safetensors');
  if (summary.best !== undefined) files.push('weights/best.safetensors');
  return [runFolder, ...files];
}

function hashParts(summary: Summary, isVerbose: boolean): string[] {
  const names = isVerbose ? (['weights', 'state', 'plan', 'config'] as const) : (['weights', 'state'] as const);
  return names.flatMap((name) => {
    const hash = summary[`${name}Sha256`];
    return hash === null ? [] : [`${name} ${isVerbose ? hash : hash.slice(0, SHORT_HASH)}`];
  });
}
