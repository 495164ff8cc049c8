// What a comparison of two runs found → lines of text. Pure.
import type { Parting } from '../experiment/compare-traces.ts';
import type { Difference, RunsDiff } from '../experiment/diff-runs.ts';
import { formatCounted } from './present-number.ts';

/** The lines, from what differs first to why it may. */
export function presentDiff(diff: RunsDiff): string[] {
  const { firstDifferent, equalRows, lastEqual, onlyIn } = diff;
  if (firstDifferent === null) {
    const beyond = onlyIn.a + onlyIn.b;
    const more =
      beyond === 0 ? '' : `; ${formatCounted(onlyIn.a, 'row')} more in A, ${formatCounted(onlyIn.b, 'row')} in B`;
    const none =
      equalRows === 0
        ? 'no row of a step that both have'
        : `same in ${formatCounted(equalRows, 'row')}, to step ${lastEqual}`;
    return [`${none}${more}`, ...presentDifferences(diff)];
  }
  const { step, columns } = firstDifferent;
  const since =
    lastEqual < 0
      ? 'from the first row on'
      : `after ${formatCounted(equalRows, 'equal row')}, the last of step ${lastEqual}`;
  return [
    `different at step ${step}: ${columns.join(', ')}; ${since}`,
    ...presentReplay(diff),
    ...presentDifferences(diff),
  ];
}

function presentReplay({ parting, replayed, reasons, lastEqual, firstDifferent }: RunsDiff): string[] {
  const interval = `they part between step ${lastEqual + 1} and step ${firstDifferent!.step}`;
  if (replayed === null) return [...reasons.map((reason) => `not replayed: ${reason}`), interval];
  const lines = (['a', 'b'] as const).map((run) => {
    const { from, notReproduced } = replayed[run];
    const verdict =
      notReproduced.length === 0
        ? 'gives its rows again'
        : `does not give its rows again (${notReproduced.join(', ')}): that run computed something else than its config says`;
    return `${run.toUpperCase()} replayed from step ${from}: ${verdict}`;
  });
  if (parting !== null) return [...lines, ...presentParting(parting)];
  return [
    ...lines,
    `replayed here both are the same: look at the machine, library or memory of the run that is not given again; ${interval}`,
  ];
}

function presentParting({ step, phase, shard, tensor, what, a, b, more }: Parting): string[] {
  const place = [
    `step ${step}`,
    phase,
    ...(shard === undefined ? [] : [`shard ${shard}`]),
    ...(tensor === undefined ? [] : [tensor]),
  ];
  const others = more === 0 ? '' : ` (and ${more} more)`;
  return [`${place.join(', ')}: ${what} differs${others}`, `  A ${a}`, `  B ${b}`];
}

function presentDifferences({ config, environment }: RunsDiff): string[] {
  const lines = (title: string, list: readonly Difference[]): string[] =>
    list.map(({ key, a, b }) => `${title} ${key}: ${show(a)} | ${show(b)}`);
  const all = [...lines('config', config), ...lines('environment', environment)];
  return all.length === 0 ? ['config and environment are the same'] : all;
}

const MOST_SHOWN = 60;

function show(value: unknown): string {
  const text = value === undefined ? '(none)' : JSON.stringify(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
