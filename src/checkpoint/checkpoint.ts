// A run's state at a step ↔ its checkpoint file. The coordinator reads; it packs the small sections, the writer's thread adds the arrays.
import { join } from 'node:path';
import { parseConfig } from '../config/load-config.ts';
import type { TrainConfig } from '../config/train-config.ts';
import type { LeastLoss } from '../engine/until.ts';
import type { PlateauState } from '../optim/plateau.ts';
import { savedPackr } from '../plan/pack.ts';
import { type Plan, planSha256 } from '../plan/plan.ts';
import { ARRAY_HEAD_BYTES, isArrayHead } from './array-section.ts';
import { unpackBounded } from './bounded-unpack.ts';
import { Container } from './container.ts';
import { type SavedAbout, savedAboutSchema, savedPlanSchema } from './saved-about.schema.ts';

/** What training goes on from: all that `stateSha256` covers, and the best weights. */
export interface SavedState {
  /** Steps done. */
  step: number;
  /** A whole generation: parameters and statistics, the optimizer's states, the average, `plan.parameterElements` each. */
  generation: Float32Array;
  /** The best weights so far; null where there are none. */
  best: Float32Array | null;
  plateau: PlateauState | null;
  leastLoss: LeastLoss;
}

/** A checkpoint that was read and checked. */
export interface Checkpoint {
  path: string;
  about: SavedAbout;
  /** The resolved config of the run; its paths are absolute. */
  config: TrainConfig;
  /** The compiled model: to go on nothing is compiled and no module imported. */
  plan: Plan;
  state: SavedState;
  /** What the run has told so far, as src/experiment/progress.ts saves it; plain data, unchecked. */
  progress: unknown;
}

/** Versions of the sections that are written now. */
export const SECTION_VERSIONS = { about: 1, config: 1, plan: 1, progress: 1, state: 1, best: 1 } as const;

/** Sections that are not the arrays: larger ones are refused before they are read. */
const MOST_SMALL_BYTES = 1 << 28;

/** Bytes of a small section. */
export interface PackedSection {
  name: string;
  version: number;
  bytes: Uint8Array;
}

/** The sections before the arrays. */
export function packSections(parts: {
  about: SavedAbout;
  config: TrainConfig;
  plan: Plan;
  progress: unknown;
}): PackedSection[] {
  return (['about', 'config', 'plan', 'progress'] as const).map((name) => packSection(name, parts[name]));
}

/** One of them; the caller keeps those that stay the same. */
export function packSection(name: 'about' | 'config' | 'plan' | 'progress', value: unknown): PackedSection {
  // A copy: the packer writes into a buffer that it uses again.
  return { name, version: SECTION_VERSIONS[name], bytes: new Uint8Array(savedPackr.pack(value)) };
}

/** The folder of a run's checkpoints, and the file of a step in it: their names sort by step. */
export const CHECKPOINTS_FOLDER = 'checkpoints';
const STEP_DIGITS = 12;
const FILE_PATTERN = /^step-(\d{12})\.lockstep$/;

export function checkpointPath(runFolder: string, step: number): string {
  return join(runFolder, CHECKPOINTS_FOLDER, `step-${String(step).padStart(STEP_DIGITS, '0')}.lockstep`);
}

/** The step of a checkpoint's file name; undefined for any other file. */
export function stepOfFile(name: string): number | undefined {
  const [, digits] = FILE_PATTERN.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Reads a checkpoint. Every section's checksum is checked before it is decoded, every size before anything is allocated; nothing in the
 * file is run.
 *
 * To go on from it without a run folder, with any number of workers:
 *
 *     const { config, plan, state, about } = loadCheckpoint(path);
 *     const run = prepareRun({ ...config, workers, numerics: about.numerics }, { baseDir: '/', stored: { plan, modelSha256: about.modelSha256 } });
 *     const session = openSession(run, { pool, onStep, state });   // its engine stands at state.step
 *     await session.engine.start();
 *     await session.engine.runTo(state.step + 1);
 *
 * @throws CheckpointError where the file is not whole or not what it says, or node:fs's error where it cannot be read
 */
export function loadCheckpoint(path: string): Checkpoint {
  const file = new Container(path);
  try {
    const about = readAbout(file);
    const plan = readPlan(file, about);
    const elements = plan.parameterElements;
    const generation = readArray(file, 'state', elements * (1 + about.states.length));
    const best = file.has('best') ? readArray(file, 'best', elements) : null;
    const { step, plateau, leastLoss } = about;
    const state = { step, generation, best, plateau, leastLoss };
    return { path, about, config: readConfig(file), plan, state, progress: readPacked(file, 'progress') };
  } finally {
    file.close();
  }
}

function readAbout(file: Container): SavedAbout {
  const { data, error } = savedAboutSchema.safeParse(readPacked(file, 'about'));
  if (data === undefined) throw file.damaged('what a checkpoint says of itself', describe(error));
  return data;
}

function readPlan(file: Container, about: SavedAbout): Plan {
  const value = readPacked(file, 'plan');
  const { success, error } = savedPlanSchema.safeParse(value);
  if (!success) throw file.damaged('a plan', describe(error));
  const plan = value as Plan;
  if (planSha256(plan) !== about.planSha256) throw file.damaged(`the plan ${about.planSha256}`, 'another one');
  return plan;
}

function readConfig(file: Container): TrainConfig {
  const value = readPacked(file, 'config');
  try {
    return parseConfig(value, { file: file.path });
  } catch (cause) {
    throw file.damaged('a config of this lockstep', (cause as Error).message.replaceAll('\n', '; '), cause);
  }
}

function readPacked(file: Container, name: 'about' | 'config' | 'plan' | 'progress'): unknown {
  const bytes = file.read(name, SECTION_VERSIONS[name], { most: MOST_SMALL_BYTES });
  try {
    return unpackBounded(bytes);
  } catch (cause) {
    throw file.damaged(`plain data in ${name}`, (cause as Error).message, cause);
  }
}

/** The elements of an array lie where they were read: nothing is copied. */
function readArray(file: Container, name: 'state' | 'best', elements: number): Float32Array {
  const byteLength = elements * 4;
  // The head has 7 bytes: behind a margin of 1 the elements are aligned.
  const bytes = file.read(name, SECTION_VERSIONS[name], { exactly: ARRAY_HEAD_BYTES + byteLength }, 1);
  if (!isArrayHead(bytes, byteLength)) throw file.damaged(`float32 values in ${name}`, 'another type');
  return new Float32Array(bytes.buffer, bytes.byteOffset + ARRAY_HEAD_BYTES, elements);
}

function describe(error: { issues: { path: PropertyKey[]; message: string }[] } | undefined): string {
  const [issue] = error?.issues ?? [];
  return issue === undefined ? 'something else' : `${issue.path.map(String).join('.')}: ${issue.message}`;
}
