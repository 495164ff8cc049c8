// What verify found → a line a run and the verdict. Pure.
import type { VerifiedRun } from '../experiment/verify.ts';
import type { Page } from './page.ts';
import { formatCount, formatCounted, formatLoss } from './present-number.ts';

const SHORT_HASH = 12;
const LABEL_WIDTH = '100 workers'.length;

/** `  2 workers  20 steps  loss 0.2451  weights 3f2a91c0d4e5  state 99ab12cd34ef`. */
export function presentVerifiedRun(run: VerifiedRun, isVerbose: boolean): string {
  const length = isVerbose ? undefined : SHORT_HASH;
  const label = formatCounted(run.workers, 'worker').padStart(LABEL_WIDTH);
  const hashes = `weights ${run.weightsSha256.slice(0, length)}  state ${run.stateSha256.slice(0, length)}`;
  return `${label}  ${formatCounted(run.steps, 'step')}  loss ${formatLoss(run.loss)}  ${hashes}`;
}

/** `same bits: …` with the whole hashes, or which numbers of workers differ from the first. */
export function presentVerdict(isSame: boolean, runs: readonly VerifiedRun[], page: Page): string {
  const { bold, green, red } = page.colors;
  const [first] = runs;
  const after = `after ${formatCounted(first.steps, 'step')}`;
  if (isSame) {
    const hashes = `  weights ${first.weightsSha256}\n  state   ${first.stateSha256}`;
    return `${bold(green('same bits:'))} ${countsOf(runs)} ${after}\n${hashes}`;
  }
  const different = runs.filter(
    ({ weightsSha256, stateSha256 }) => weightsSha256 !== first.weightsSha256 || stateSha256 !== first.stateSha256,
  );
  const against = `${countsOf(different)} against ${formatCounted(first.workers, 'worker')}`;
  return `${bold(red('different bits:'))} ${against}, ${after}; this is a fault in lockstep`;
}

/** `1, 2 and 3 workers`. */
function countsOf(runs: readonly VerifiedRun[]): string {
  const counts = runs.map(({ workers }) => formatCount(workers));
  if (runs.length === 1) return formatCounted(runs[0].workers, 'worker');
  return `${counts.slice(0, -1).join(', ')} and ${counts[counts.length - 1]} workers`;
}
