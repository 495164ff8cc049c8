// Progress within an epoch → the live bar's line, or a plain line now and then. Pure.
import type { ProgressEvent, StartEvent } from '../experiment/events.ts';
import type { Page } from './page.ts';
import { formatCount, formatLoss, formatRemaining } from './present-number.ts';

const WIDEST_BAR = 30;
const NARROWEST_BAR = 6;
const WIDEST_ETA = 'ETA 59m 59s'.length;
const WIDEST_TIMES = 'ETA 59m 59s, run 59m 59s'.length;

/** What of a run the progress of one epoch is set against. */
export type ProgressScale = Pick<StartEvent, 'epochs' | 'steps' | 'stepsPerEpoch' | 'batchSize'>;

/**
 * `epoch 3/10 ━━━━━────── 64/106 · loss 0.2310 ·  54,120 samples/s · ETA 1 s, run 12 s`, as much of it as fits. Figures have fixed
 * widths and the remaining times stand last, so that nothing jumps while they change.
 */
export function presentBar(event: ProgressEvent, scale: ProgressScale, { columns }: Page): string {
  const left = epochOf(event, scale);
  const total = formatCount(event.stepsPerEpoch);
  const place = `${formatCount(event.stepInEpoch).padStart(total.length)}/${total}`;
  const loss = `loss ${formatLoss(event.loss).padStart(6)}`;
  const speed = `${formatCount(event.samplesPerSecond).padStart(7)} samples/s`;
  const times = remaining(event, scale);
  // The last column stays free: some terminals wrap as soon as it is written.
  const roomOf = (parts: string[]) => columns - 1 - left.length - 2 - parts.join(' · ').length;
  const reserved = ' '.repeat(Math.max(times.length, isLastEpoch(event, scale) ? WIDEST_ETA : WIDEST_TIMES));
  const layouts = [[place, loss, speed, reserved], [place, loss, reserved], [place, loss], [place]];
  const layout = layouts.find((parts) => roomOf(parts) >= NARROWEST_BAR);
  if (layout === undefined) return `${left} ${place}`;
  const bar = drawBar(event, Math.min(WIDEST_BAR, roomOf(layout)));
  return `${left} ${bar} ${layout.map((part) => (part === reserved ? times : part)).join(' · ')}`;
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

function isLastEpoch({ epoch }: ProgressEvent, { steps, stepsPerEpoch }: ProgressScale): boolean {
  return steps <= (epoch + 1) * stepsPerEpoch;
}

/** At the speed of now and without evaluation; the run's part is left out where this is its last epoch. */
function remaining(event: ProgressEvent, scale: ProgressScale): string {
  const { steps, stepsPerEpoch, batchSize } = scale;
  if (!(event.samplesPerSecond > 0)) return 'ETA unknown';
  const secondsAStep = batchSize / event.samplesPerSecond;
  const runSteps = steps - event.epoch * stepsPerEpoch - event.stepInEpoch;
  const epochSteps = Math.min(runSteps, stepsPerEpoch - event.stepInEpoch);
  const epochText = `ETA ${formatRemaining(epochSteps * secondsAStep)}`;
  if (isLastEpoch(event, scale)) return epochText;
  return `${epochText}, run ${formatRemaining(runSteps * secondsAStep)}`;
}
