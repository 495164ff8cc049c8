// Progress events → a bar that redraws itself on a terminal, or a plain line every ten seconds elsewhere; always on stderr.
import type { SingleBar } from 'cli-progress';
import type { ProgressEvent, StartEvent } from '../experiment/events.ts';
import type { Page } from './page.ts';
import { presentBar, presentProgressLine } from './present-progress.ts';

/** Shows how far an epoch is; `hide` before anything else is written to the terminal. */
export interface ProgressDisplay {
  show(event: ProgressEvent, start: StartEvent): void;
  hide(): void;
}

/** Where nobody wants to see progress. */
export const NO_PROGRESS: ProgressDisplay = { show: () => {}, hide: () => {} };

/** A terminal's bar. cli-progress is loaded here only: files and pipes never need it. */
export async function createProgressBar(stream: NodeJS.WriteStream, pageNow: () => Page): Promise<ProgressDisplay> {
  const { default: cliProgress } = await import('cli-progress');
  let line = '';
  const bar: SingleBar = new cliProgress.SingleBar({
    stream,
    format: () => line,
    clearOnComplete: true,
    // Our line is cut to the terminal's width; switching wrapping off would outlive a process that is killed.
    linewrap: true,
    forceRedraw: false,
  });
  let isShown = false;
  return {
    show(event, start) {
      line = presentBar(event, start, pageNow());
      if (isShown) bar.update(event.stepInEpoch);
      else bar.start(event.stepsPerEpoch, event.stepInEpoch);
      isShown = true;
    },
    hide() {
      if (isShown) bar.stop();
      isShown = false;
    },
  };
}

const LINE_EVERY_MS = 10_000;

/** Plain lines: one every ten seconds that no other line came, so that a log of a long epoch shows life. */
export function createProgressLines(write: (line: string) => void, nowMs: () => number): ProgressDisplay {
  let lastMs = nowMs();
  return {
    show(event, start) {
      if (nowMs() - lastMs < LINE_EVERY_MS) return;
      lastMs = nowMs();
      write(presentProgressLine(event, start));
    },
    hide() {
      lastMs = nowMs();
    },
  };
}
