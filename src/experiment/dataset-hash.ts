// Samples as they lie in shared memory, and the parts they are split into → one hash that says whether two runs saw the same data. Coordinator.
import { createHash } from 'node:crypto';
import { type DatasetSpec, sampleBytes } from '../data/source.ts';
import type { MemoryMap } from '../engine/memory-map.ts';
import type { KernelSet } from '../kernels/kernel-set.ts';
import type { PreparedRun } from './prepare.ts';

/**
 * SHA-256 over the dataset's types, the 64-bit hashes of its inputs, targets and weights, and the ids of its parts. The samples' own bytes
 * go through the ledger's kernel, a few milliseconds for MNIST; a stream brings a hash of what its files say. Before a worker has started
 * only: the first seat's memory is used.
 */
export function datasetSha256(
  { dataset, map }: Pick<PreparedRun, 'dataset' | 'map'>,
  kernels: KernelSet['kernels'],
  memory: WebAssembly.Memory,
): string {
  const { spec, parts, stream } = dataset;
  const bytes = sampleBytes(spec);
  const hash = createHash('sha256').update(describeSpec(spec));
  const regions = [
    [map.inputs, spec.samples * bytes.input],
    [map.targets, spec.samples * bytes.target],
    ...(spec.hasWeights ? [[map.weights, spec.samples * 4]] : []),
  ];
  if (stream !== undefined) hash.update(stream.sha256);
  else for (const [address, length] of regions) hash.update(hashRegion(map, kernels, memory, address, length));
  for (const ids of [parts.train, parts.validation, parts.test]) {
    hash.update(`${ids.length};`).update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  }
  return hash.digest('hex');
}

function describeSpec({ input, target, samples }: DatasetSpec): string {
  const classes = target.kind === 'class' ? target.classes : null;
  return JSON.stringify([
    samples,
    input.storage,
    input.shape,
    input.divisor,
    target.storage,
    target.shape ?? null,
    classes,
  ]);
}

/** Regions begin and end on cache lines, and what lies behind the last byte is 0. */
function hashRegion(
  { seats, seatRange }: MemoryMap,
  kernels: KernelSet['kernels'],
  memory: WebAssembly.Memory,
  address: number,
  byteLength: number,
): Uint8Array {
  const out = seats + seatRange;
  kernels.positionHash(out, address, 0, Math.ceil(byteLength / 4), 0);
  return new Uint8Array(memory.buffer, out, 8).slice();
}
