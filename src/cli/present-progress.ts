// Progress within an epoch → the live bar's line, or a plain line now and then. Pure.
import type { ProgressEvent, StartEvent } from '../experiment/events.ts';
import type { Page } from './page.ts';
import { formatCount, formatLoss, formatRemaining } from './present-number.ts';

const WIDEST_BAR = 30;
const NARROWEST_BAR = 6;
const WIDEST_TIME = 'ETA 59m 59s'.length;

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
  const { epoch, run } = remaining(event, scale);
  const layouts = [
    { figures: [place, loss, speed], times: [epoch, run] },
    { figures: [place, loss], times: [epoch, run] },
    { figures: [place, loss], times: [epoch] },
    { figures: [place, loss], times: [] },
    { figures: [place], times: [] },
  ].map(({ figures, times }) => {
    const shown = times.filter((time) => time !== null);
    const right = shown.length === 0 ? figures : [...figures, shown.join(', ')];
    const reserve = shown.reduce((sum, time) => sum + Math.max(0, WIDEST_TIME - time.length), 0);
    // The last column stays free: some terminals wrap as soon as it is written.
    const text = right.join(' · ');
    return { text, room: columns - 1 - left.length - 2 - text.length - reserve };
  });
  const layout = layouts.find(({ room }) => room >= NARROWEST_BAR);
  if (layout === undefined) return `${left} ${place}`;
  return `${left} ${drawBar(event, Math.min(WIDEST_BAR, layout.room))} ${layout.text}`;
}

/** `epoch 3/10, step 64/106: loss 0.2310, 54,120 samples/s, ETA 1 s, run 12 s`: for long epochs where nothing is live. */
export function presentProgressLine(event: ProgressEvent, scale: ProgressScale): string {
  const place = `${epochOf(event, scale)}, step ${formatCount(event.stepInEpoch)}/${formatCount(event.stepsPerEpoch)}`;
  const speed = `${formatCount(event.samplesPerSecond)} samples/s`;
  const { epoch, run } = remaining(event, scale);
  const line = `${place}: loss ${formatLoss(event.loss)}, ${speed}, ${epoch}`;
  return run === null ? line : `${line}, ${run}`;
}

function epochOf({ epoch }: ProgressEvent, { epochs, steps, stepsPerEpoch }: ProgressScale): string {
  return `epoch ${epoch + 1}/${epochs ?? Math.ceil(steps / stepsPerEpoch)}`;
}

function drawBar({ stepInEpoch, stepsPerEpoch }: ProgressEvent, width: number): string {
  const done = Math.min(width, Math.floor((width * stepInEpoch) / stepsPerEpoch));
  return '━'.repeat(done) + '─'.repeat(width - done);
}

/** At the speed of now and without evaluation; the run's part is null where this is its last epoch. */
function remaining(event: ProgressEvent, scale: ProgressScale): { epoch: string; run: string | null } {
  const { steps, stepsPerEpoch, batchSize } = scale;
  if (!(event.samplesPerSecond > 0)) return { epoch: 'ETA unknown', run: null };
  const secondsAStep = batchSize / event.samplesPerSecond;
  const runSteps = steps - event.epoch * stepsPerEpoch - event.stepInEpoch;
  const epochSteps = Math.min(runSteps, stepsPerEpoch - event.stepInEpoch);
  const isLastEpoch = steps <= (event.epoch + 1) * stepsPerEpoch;
  return {
    epoch: `ETA ${formatRemaining(epochSteps * secondsAStep)}`,
    run: isLastEpoch ? null : `run ${formatRemaining(runSteps * secondsAStep)}`,
  };
}
