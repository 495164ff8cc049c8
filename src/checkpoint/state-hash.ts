// The tensors of a run → the two SHA-256 sums that prove its state; the coordinator hashes a committed generation. Pure.

import { createHash, type Hash } from 'node:crypto';
import { byName, bytesOf, type NamedTensor } from './safetensors.ts';

/** A state that has no defined hash: the run has diverged. */
export class HashError extends Error {
  override readonly name = 'HashError';
  readonly exitCode = 1;
}

/** All that the next step depends on. Sections that are absent or empty are not hashed, so a later one leaves old sums as they are. */
export interface RunState {
  parameters: readonly NamedTensor[];
  /** Running statistics of normalisations. */
  statistics?: readonly NamedTensor[];
  /** Named by their role and parameter: `firstMoment.dense1.weight`. */
  optimizerState?: readonly NamedTensor[];
  /** Exponentially averaged parameters. */
  averaged?: readonly NamedTensor[];
  /** What a schedule remembers. */
  schedule?: Readonly<Record<string, number>>;
  /** Epochs done. */
  epoch: number;
  /** Steps done. */
  step: number;
}

const STATE_TAG = 'lockstep state 1';

/**
 * SHA-256 of the parameters' bytes (float32, little-endian), joined in name order; names and shapes are not hashed.
 * @throws HashError on NaN, naming the tensor: the bits of a NaN are not defined in WebAssembly.
 */
export function weightsSha256(parameters: readonly NamedTensor[]): string {
  const hash = createHash('sha256');
  for (const tensor of [...parameters].sort(byName)) {
    refuseNaN('weights', tensor.name, tensor.values);
    hash.update(bytesOf(tensor.values));
  }
  return hash.digest('hex');
}

/**
 * SHA-256 of a run's whole state, over this byte layout (integers are u64 little-endian; text is its length in bytes, then UTF-8):
 *
 *     text "lockstep state 1"
 *     each of parameters, statistics, optimizerState, averaged, in this order, that is not empty:
 *         text section · integer tensors · each tensor in name order: text name · integer bytes · values as float32
 *     schedule, if not empty:
 *         text "schedule" · integer entries · each in name order: text name · integer 8 · value as float64
 *     text "epoch" · integer epoch · text "step" · integer step
 *
 * Every piece says its own length, so two different states cannot give the same bytes.
 * @throws HashError on NaN, naming section and tensor.
 */
export function stateSha256(state: RunState): string {
  const hash = createHash('sha256');
  addText(hash, STATE_TAG);
  for (const section of ['parameters', 'statistics', 'optimizerState', 'averaged'] as const) {
    addSection(hash, section, state[section] ?? []);
  }
  const schedule = Object.entries(state.schedule ?? {});
  addSection(
    hash,
    'schedule',
    schedule.map(([name, value]) => ({ name, values: Float64Array.of(value) })),
  );
  addText(hash, 'epoch');
  addInteger(hash, state.epoch);
  addText(hash, 'step');
  addInteger(hash, state.step);
  return hash.digest('hex');
}

interface HashedArray {
  name: string;
  values: Float32Array | Float64Array;
}

function addSection(hash: Hash, section: string, arrays: readonly HashedArray[]): void {
  if (arrays.length === 0) return;
  addText(hash, section);
  addInteger(hash, arrays.length);
  for (const { name, values } of [...arrays].sort(byName)) {
    refuseNaN(section, name, values);
    addText(hash, name);
    addInteger(hash, values.byteLength);
    hash.update(bytesOf(values));
  }
}

function addText(hash: Hash, text: string): void {
  const bytes = new TextEncoder().encode(text);
  addInteger(hash, bytes.length);
  hash.update(bytes);
}

function addInteger(hash: Hash, value: number): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  hash.update(bytes);
}

function refuseNaN(section: string, name: string, values: Float32Array | Float64Array): void {
  // A plain loop: findIndex took 8 times as long on 20 million values.
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue;
    throw new HashError(
      `${section} hash: expected numbers, got NaN at ${name}[${i}]; the run has diverged: lower optimizer.lr or set clip.norm`,
    );
  }
}
