// What verify found → a line a run and the verdict. Pure.
import { isSameAs, type Verified, type VerifiedRun } from '../experiment/verified.ts';
import type { Page } from './page.ts';
import { formatCount, formatCounted, formatLoss } from './present-number.ts';

const SHORT_HASH = 12;
const LABEL_WIDTH = '100 workers'.length;

/** `  2 workers  20 steps  loss 0.2451  weights 3f2a91c0d4e5  state 99ab12cd34ef`, and what was done to the run. */
export function presentVerifiedRun(run: VerifiedRun, isVerbose: boolean): string {
  const length = isVerbose ? undefined : SHORT_HASH;
  const label = formatCounted(run.workers, 'worker').padStart(LABEL_WIDTH);
  const hashes = `weights ${run.weightsSha256.slice(0, length)}  state ${run.stateSha256.slice(0, length)}`;
  const treatment = treatmentOf(run);
  const note = treatment === undefined ? '' : `  ${treatment}`;
  return `${label}  ${formatCounted(run.steps, 'step')}  loss ${formatLoss(run.loss)}  ${hashes}${note}`;
}

/** `same bits: …` with the whole hashes, or which runs differ from the first, or what did not happen. */
export function presentVerdict({ isSame, notProven, runs }: Verified, page: Page): string {
  const { bold, green, red } = page.colors;
  const [first] = runs;
  const after = `after ${formatCounted(first.steps, 'step')}`;
  if (!isSame) {
    const different = runs.filter((run) => !isSameAs(run, first));
    const against = `${listOf(different, describeTreated)} against ${formatCounted(first.workers, 'worker')}`;
    return `${bold(red('different bits:'))} ${against}, ${after}; this is a fault in lockstep`;
  }
  if (notProven.length > 0) return notProven.map((line) => `${bold(red('not proven:'))} ${line}`).join('\n');
  const hashes = `  weights ${first.weightsSha256}\n  state   ${first.stateSha256}`;
  return `${bold(green('same bits:'))} ${listOf(runs, (run) => treatmentOf(run)!)}; ${after}\n${hashes}`;
}

/** What was done to it on purpose; undefined for a run that nothing was done to. */
function treatmentOf({ lostWorkers, kill }: VerifiedRun): string | undefined {
  if (lostWorkers !== undefined) {
    const what = `${formatCounted(lostWorkers, 'worker')} killed in mid-step`;
    return lostWorkers === 0 ? `${what}: not proven` : what;
  }
  if (kill === undefined) return undefined;
  const before = `process of ${formatCounted(kill.workers, 'worker')}`;
  if (kill.step === undefined) return `${before} not killed: not proven`;
  return `${before} killed in step ${formatCount(kill.step)}, resumed`;
}

/** `1, 2 and 3 workers; 2 workers killed in mid-step; …`. */
function listOf(runs: readonly VerifiedRun[], describe: (run: VerifiedRun) => string): string {
  const plain = runs.filter((run) => treatmentOf(run) === undefined);
  const treated = runs.filter((run) => treatmentOf(run) !== undefined);
  return [...(plain.length === 0 ? [] : [countsOf(plain)]), ...treated.map(describe)].join('; ');
}

const describeTreated = (run: VerifiedRun): string => `${formatCounted(run.workers, 'worker')} (${treatmentOf(run)})`;

/** `1, 2 and 3 workers`. */
function countsOf(runs: readonly VerifiedRun[]): string {
  const counts = runs.map(({ workers }) => formatCount(workers));
  if (runs.length === 1) return formatCounted(runs[0].workers, 'worker');
  return `${counts.slice(0, -1).join(', ')} and ${counts[counts.length - 1]} workers`;
}
