// The events of a run, in order → text for people and JSON lines for programs, each to its stream. Main thread.

import type { StepEvent, TrainEvent } from '../experiment/events.ts';
import {
  type EndEvent,
  type FoldEvent,
  PHASE_NAMES,
  type PhaseMs,
  type ProgressEvent,
  type StartEvent,
} from '../experiment/events.ts';
import type { Page } from './page.ts';
import { type EndOptions, presentEnd, presentResult } from './present-end.ts';
import { type EpochTable, planEpochTable, presentEpoch, presentEpochTitles, presentPhases } from './present-epoch.ts';
import { presentNextFold } from './present-folds.ts';
import { presentRecovery, presentResize, presentStraggler } from './present-recovery.ts';
import { presentIdleWorkers, presentStart, presentWorkers } from './present-start.ts';
import { wrapWords } from './present-table.ts';
import type { ProgressDisplay } from './progress-display.ts';

/** Where a report goes and how much it says. */
export interface ReportOptions extends Omit<EndOptions, 'isVerbose'> {
  level: 'quiet' | 'normal' | 'verbose';
  /** The command that goes on with the run in a folder, as it is typed. */
  resume: (runFolder: string) => string;
  /** Takes whole lines for people. */
  writeText: (text: string) => void;
  /** Takes what has to be read even where the rest is not: warnings. */
  writeWarning: (text: string) => void;
  /** Takes JSON, a line an event; absent without `--json`. */
  writeJson?: (line: string) => void;
  progress: ProgressDisplay;
  page: Page;
  warningPage: Page;
}

/** Shows one run. */
export class TrainReport {
  readonly #options: ReportOptions;
  #start: StartEvent | undefined;
  /** Of a run of folds, the one under way. */
  #fold: FoldEvent | undefined;
  #hasStarted = false;
  #table: EpochTable | undefined;
  #phases = new PhaseMeans();

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  /** The listener for `train`. */
  show(event: TrainEvent | ProgressEvent): void {
    const { level, progress } = this.#options;
    if (event.type === 'progress') {
      if (this.#start !== undefined && level !== 'quiet') progress.show(event, this.#start);
      return;
    }
    this.#options.writeJson?.(JSON.stringify(event));
    const text = this.#present(event);
    if (text === null) return;
    progress.hide();
    if (isWarning(event)) this.#options.writeWarning(text);
    else if (level !== 'quiet') this.#options.writeText(text);
    if (event.type === 'start') this.#warnOfIdleWorkers(event);
  }

  #warnOfIdleWorkers(event: StartEvent): void {
    const warning = presentIdleWorkers(event, this.#options.warningPage);
    if (warning !== null) this.#options.writeWarning(warning);
  }

  #present(event: TrainEvent): string | null {
    const { page, warningPage, level } = this.#options;
    switch (event.type) {
      case 'fold':
        this.#fold = event;
        return `${event.fold === 1 ? '' : '\n'}${page.colors.bold(`fold ${event.fold} of ${event.of}`)}`;
      case 'foldEnd':
        return presentResult(event.summary, page);
      case 'start':
        this.#start = event;
        this.#table = undefined;
        return this.#fold !== undefined && this.#hasStarted ? presentNextFold(event, page) : this.#presentFirst(event);
      case 'workers':
        return presentWorkers(event, page);
      case 'resize':
        return presentResize(event);
      case 'straggler':
        return wrapWords(presentStraggler(event), page);
      case 'recovery':
        return warningPage.colors.yellow(wrapWords(presentRecovery(event), warningPage));
      case 'step':
        this.#phases.add(event);
        return null;
      case 'checkpoint':
        return null;
      case 'epoch':
        return this.#presentEpoch(event);
      case 'notice':
        if (event.level === 'info') return wrapWords(event.message, page);
        return warningPage.colors.yellow(wrapWords(`warning: ${event.message}`, warningPage));
      case 'end':
        return this.#presentEnd(event, level === 'verbose');
    }
  }

  #presentFirst(event: StartEvent): string {
    this.#hasStarted = true;
    return presentStart(event, this.#options.page);
  }

  #presentEpoch(event: Extract<TrainEvent, { type: 'epoch' }>): string | null {
    const { page, level } = this.#options;
    if (this.#start === undefined) return null;
    const isFirst = this.#table === undefined;
    this.#table ??= planEpochTable(this.#start, event.metric, page);
    const lines = isFirst ? ['', presentEpochTitles(this.#table, page)] : [];
    lines.push(presentEpoch(event, this.#table, page));
    const phases = this.#phases.take();
    if (level === 'verbose' && phases !== null) lines.push(presentPhases(phases, page));
    return lines.join('\n');
  }

  #presentEnd(event: EndEvent, isVerbose: boolean): string {
    const { resume, isKept, page } = this.#options;
    const next = { done: this.#options.next, stopped: isKept ? [resume(event.runFolder)] : [], failed: [] };
    return `\n${presentEnd(event, { next: next[event.summary.status], isKept, isVerbose }, page)}`;
  }
}

function isWarning(event: TrainEvent): boolean {
  return event.type === 'recovery' || (event.type === 'notice' && event.level === 'warning');
}

/** Means of the phases over the steps since they were last taken. */
class PhaseMeans {
  #steps = 0;
  #sums = PHASE_NAMES.map(() => 0);

  add({ steps, phases }: StepEvent): void {
    this.#steps += steps;
    this.#sums = this.#sums.map((sum, i) => sum + steps * phases[PHASE_NAMES[i]]);
  }

  take(): PhaseMs | null {
    if (this.#steps === 0) return null;
    const means = PHASE_NAMES.map((name, i) => [name, this.#sums[i] / this.#steps]);
    this.#steps = 0;
    this.#sums = PHASE_NAMES.map(() => 0);
    return Object.fromEntries(means) as PhaseMs;
  }
}
