// `runs/NAME/control.json` → requests to the run that goes on there. The coordinator watches it, `lockstep resize` writes it.
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a run can be asked for while it goes on. */
export interface ControlRequest {
  workers: number;
}

const FILE = 'control.json';
// A look costs some µs; inotify is not to be had on every file system.
const LOOK_MS = 100;
const MOST_BYTES = 4096;

/** Writes the request as a whole file or not at all. */
export function writeControl(runFolder: string, request: ControlRequest): void {
  const path = join(runFolder, FILE);
  const temporary = `${path}.${process.pid}.part`;
  try {
    writeFileSync(temporary, `${JSON.stringify(request)}\n`);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Watches a run's folder for requests that come after it was made; one that was there before is of an earlier run. */
export class RunControl {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  #seen: string;

  /** @param onRequest may throw: what it says goes to `onRefused`, as does what the file holds where that is no request */
  constructor(
    runFolder: string,
    onRequest: (request: ControlRequest) => void,
    onRefused: (message: string) => void,
    everyMs = LOOK_MS,
  ) {
    this.#path = join(runFolder, FILE);
    this.#seen = this.#version();
    this.#timer = setInterval(() => this.#look(onRequest, onRefused), everyMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(onRequest: (request: ControlRequest) => void, onRefused: (message: string) => void): void {
    const version = this.#version();
    if (version === this.#seen || version === '') return;
    this.#seen = version;
    try {
      onRequest(readControl(this.#path));
    } catch (error) {
      onRefused((error as Error).message);
    }
  }

  /** Every rename brings another file: its number and times tell them apart. */
  #version(): string {
    const stat = statSync(this.#path, { throwIfNoEntry: false, bigint: true });
    return stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
  }
}

/** @throws Error where the file is no request */
export function readControl(path: string): ControlRequest {
  const { size } = statSync(path);
  const text = size > MOST_BYTES ? undefined : readFileSync(path, 'utf8');
  const workers = text === undefined ? undefined : workersOf(text);
  if (typeof workers === 'number' && Number.isInteger(workers) && workers >= 1) return { workers };
  const got = text === undefined ? `${size} bytes` : text.trim();
  throw new Error(`${path}: expected a request such as {"workers":3}, got ${got}; use lockstep resize`);
}

function workersOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && Object.hasOwn(value, 'workers')
      ? (value as { workers: unknown }).workers
      : undefined;
  } catch {
    return undefined;
  }
}
