// An error thrown in a module that somebody else wrote → the lines of its stack in their files. Coordinator only; pure.
import { fileURLToPath } from 'node:url';

/** What calls a model is none of its places: lockstep, and what calls that. */
const OWN_PLACES = [new URL('..', import.meta.url).href, '/node_modules/commander/'];
const MOST_FRAMES = 5;

/** A place in somebody's code. */
export interface UserFrame {
  /** Empty at the top level of a module. */
  readonly functionName: string;
  /** `models/my-model.js:7:11`. */
  readonly place: string;
}

/** The frames between where lockstep called and what it was called for, innermost first, at most five; `path` is shown as `file`. */
export function userFrames(error: unknown, path: string, file: string): UserFrame[] {
  const lines = error instanceof Error ? String(error.stack).split('\n') : [];
  const isOwn = lines.map((line) => OWN_PLACES.some((place) => line.includes(place)));
  const first = lines.findIndex((line, i) => !isOwn[i] && readFrame(line, path, file) !== undefined);
  const caller = isOwn.indexOf(true, Math.max(0, first));
  const frames = lines.slice(Math.max(0, first), caller < 0 ? undefined : caller);
  return frames.flatMap((line) => readFrame(line, path, file) ?? []).slice(0, MOST_FRAMES);
}

// `    at encode (file:///home/me/model.js:7:11)`, `    at file:///home/me/model.js:3:1`, `    at /home/me/model.cjs:3:1`
const FRAME = /^\s+at (?:async )?(?:(.*?) \()?((?:file:\/\/)?\/.*?|[A-Za-z]:\\.*?):(\d+):(\d+)\)?$/;

function readFrame(line: string, path: string, file: string): UserFrame | undefined {
  const [, functionName = '', source, row, column] = FRAME.exec(line) ?? [];
  if (source === undefined) return undefined;
  const from = pathOf(source);
  return { functionName, place: `${from === path ? file : from}:${row}:${column}` };
}

function pathOf(source: string): string {
  return source.startsWith('file:') ? fileURLToPath(source) : source;
}
