// Progress within an epoch → the live bar's line, or a plain line now and then. Pure.
import type { ProgressEvent, StartEvent } from '../experiment/events.ts';
import type { Page } from './page.ts';
import { formatCount, formatLoss, formatRemaining } from './present-number.ts';

const WIDEST_BAR = 30;
const NARROWEST_BAR = 6;

/** What of a run the progress of one epoch is set against. */
export type ProgressScale = Pick<StartEvent, 'epochs' | 'steps' | 'stepsPerEpoch' | 'batchSize'>;

/** `epoch 3/10 ━━━━━────── 64/106 · loss 0.2310 · 54,120 samples/s · ETA 1 s, run 12 s`, as much of it as fits. */
export function presentBar(event: ProgressEvent, scale: ProgressScale, { columns }: Page): string {
  const left = epochOf(event, scale);
  const parts = [
    `${formatCount(event.stepInEpoch)}/${formatCount(event.stepsPerEpoch)}`,
    `loss ${formatLoss(event.loss)}`,
    `${formatCount(event.samplesPerSecond)} samples/s`,
    remaining(event, scale),
  ];
  // The last column stays free: some terminals wrap as soon as it is written.
  const room = columns - 1;
  const fits = (count: number) =>
    left.length + parts.slice(0, count).join(' · ').length + 2 + NARROWEST_BAR <= room || count === 1;
  let count = parts.length;
  while (!fits(count)) count--;
  const right = parts.slice(0, count).join(' · ');
  const barWidth = Math.min(WIDEST_BAR, room - left.length - right.length - 2);
  return barWidth < NARROWEST_BAR ? `${left} ${right}` : `${left} ${drawBar(event, barWidth)} ${right}`;
}

/** `epoch 3/10, step 64/106: loss 0.2310, 54,120 samples/s, ETA 1 s, run 12 s`: for long epochs where nothing is live. */
export function presentProgressLine(event: ProgressEvent, scale: ProgressScale): string {
  const place = `${epochOf(event, scale)}, step ${formatCount(event.stepInEpoch)}/${formatCount(event.stepsPerEpoch)}`;
  const speed = `${formatCount(event.samplesPerSecond)} samples/s`;
  return `${place}: loss ${formatLoss(event.loss)}, ${speed}, ${remaining(event, scale)}`;
}

function epochOf({ epoch }: ProgressEvent, { epochs, steps, stepsPerEpoch }: ProgressScale): string {
  return `epoch ${epoch + 1}/${epochs ?? Math.ceil(steps / stepsPerEpoch)}`;
}

function drawBar({ stepInEpoch, stepsPerEpoch }: ProgressEvent, width: number): string {
  const done = Math.min(width, Math.floor((width * stepInEpoch) / stepsPerEpoch));
  return '━'.repeat(done) + '─'.repeat(width - done);
}

/** At the speed of now and without evaluation; the run's part is left out where this is its last epoch. */
function remaining(event: ProgressEvent, { steps, stepsPerEpoch, batchSize }: ProgressScale): string {
  const secondsAStep = batchSize / event.samplesPerSecond;
  const runSteps = steps - event.epoch * stepsPerEpoch - event.stepInEpoch;
  const epochSteps = Math.min(runSteps, event.stepsPerEpoch - event.stepInEpoch);
  if (!(event.samplesPerSecond > 0)) return 'ETA unknown';
  const epochText = `ETA ${formatRemaining(epochSteps * secondsAStep)}`;
  return runSteps > epochSteps ? `${epochText}, run ${formatRemaining(runSteps * secondsAStep)}` : epochText;
}
