// A config whose model is a module → the module's function, imported once: the only file of a config that can run code. Coordinator.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TrainConfig } from '../config/train-config.ts';
import { ModelError } from '../graph/model-error.ts';
import type { CustomModel, ModelModule } from '../nn/custom-model.ts';
import { userFrames } from '../nn/user-frames.ts';

/** An imported module. */
export interface LoadedModel extends ModelModule {
  /** Of the file's bytes: two runs of one hash began with the same model, wherever it lay. */
  readonly sha256: string;
}

/**
 * Imports the module that `model` names, in a process once for each content; undefined where the model is no module.
 * @throws ModelError where there is none, it cannot be imported, or its default export is no plain function.
 */
export async function loadModel(config: TrainConfig, baseDir: string): Promise<LoadedModel | undefined> {
  if (typeof config.model !== 'string') return undefined;
  const path = resolve(baseDir, config.model);
  const file = shownPath(path);
  const sha256 = createHash('sha256').update(readModule(path, file)).digest('hex');
  const define: unknown = await importDefault(path, file, sha256);
  if (typeof define !== 'function') {
    throw new ModelError(
      `${file}: expected a default export that is a function, got ${define === undefined ? 'none' : typeof define}; write export default function (x, nn) { … }`,
    );
  }
  if (define.constructor.name !== 'Function' || isClass(define)) {
    throw new ModelError(`${file}: expected a plain function as its default export, got ${describeFunction(define)}`);
  }
  return { path, file, sha256, define: define as CustomModel };
}

function readModule(path: string, file: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : message;
    throw new ModelError(`model: expected a module at ${file}, got ${got}; paths start at the config's folder`, {
      cause,
    });
  }
}

async function importDefault(path: string, file: string, sha256: string): Promise<unknown> {
  const url = pathToFileURL(path);
  // Node keeps modules by their address: another content needs another one.
  url.searchParams.set('sha256', sha256);
  try {
    return ((await import(url.href)) as { default?: unknown }).default;
  } catch (cause) {
    const [frame] = userFrames(cause, path, file);
    const where = frame?.place ?? syntaxErrorPlace(cause, path, file) ?? file;
    const got = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new ModelError(`${where}: expected a module that can be imported, got ${got}; correct it there`, { cause });
  }
}

/**
 * An import does not say where a syntax error is; Node's check of the same text does, in the line `[stdin]:3`. Where the error is in
 * another file that this one imports, the check finds nothing.
 */
function syntaxErrorPlace(cause: unknown, path: string, file: string): string | undefined {
  if (!(cause instanceof SyntaxError)) return undefined;
  const kind = path.endsWith('.cjs') ? 'commonjs' : 'module';
  const check = [`--input-type=${kind}`, '--check', '-'];
  const { stderr } = spawnSync(process.execPath, check, { encoding: 'utf8', input: readFileSync(path) });
  const [, line] = /^\[stdin\]:(\d+)$/m.exec(stderr) ?? [];
  return line === undefined ? undefined : `${file}:${line}`;
}

/** What it is, and what to do about it. */
function describeFunction(value: object): string {
  if (isClass(value)) return 'a class; write export default function (x, nn) { … }';
  const { name } = value.constructor;
  const kind = name === 'AsyncFunction' ? 'an async function' : `a function of kind ${name}`;
  return `${kind}; remove async or *: a model is traced, so that it has nothing to wait for`;
}

/** It is a function too, but cannot be called. */
function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class');
}

/** Relative where it lies below the working directory. */
function shownPath(path: string): string {
  const shown = relative(process.cwd(), path);
  return shown.startsWith(`..${sep}`) || shown === '' ? path : shown;
}
