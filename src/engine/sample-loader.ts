// A stream and the committed step → samples of coming steps in shared memory, window after window, for ever. The loader's thread.

import { type EpochWindows, epochWindows, windowAt, windowBlocksOf, windowPositions } from '../data/block-order.ts';
import { BlockReader } from '../data/block-reader.ts';
import type { SampleStream } from '../data/sample-stream.ts';
import { type SamplerSpec, stepBatch, stepsPerEpoch } from '../data/sampler.ts';
import { type Storage, sampleBytes, storageArray } from '../data/source.ts';
import { bump, currentWord32, currentWord64, publishWord32, sleepOn } from './atomics.ts';
import type { MemoryMap, StreamPlaces } from './memory-map.ts';
import { ctlStep } from './protocol-words.ts';
import { attachViews, type SharedViews } from './shared-views.ts';

/** What the coordinator sends the loader, once. */
export interface LoaderJob {
  memory: WebAssembly.Memory;
  map: MemoryMap;
  stream: SampleStream;
  sampler: SamplerSpec;
}

/** Between two looks at the committed step where nobody rings: at the end of a stretch of steps. */
const LOOK_MS = 10;

/**
 * Loads the windows of the committed step and of all later ones, each when its place is free. A loader that takes over from one that is gone
 * writes what lies there once more, the same bytes: whoever reads them meanwhile sees no difference.
 *
 * @throws DataError where a file cannot be read as it was
 */
export function runLoader(job: LoaderJob): never {
  const loader = new SampleLoader(job);
  for (;;) loader.loadNext();
}

/** Loads one window after the other; it blocks its thread while there is no place. */
export class SampleLoader {
  readonly #job: LoaderJob;
  readonly #places: StreamPlaces;
  readonly #views: SharedViews;
  readonly #reader: BlockReader;
  readonly #steps: number;
  readonly #wait: (bell: number) => void;
  /** The step whose ids and places are written next, and how many of its samples are. */
  #step: number;
  #written = 0;
  #epoch: EpochWindows;
  #window: number;
  /** By its place: the last step with samples of the window that lies there; −1 for none. */
  readonly #lastSteps: Int32Array;
  /** By block: the index of its first sample among the ids. */
  readonly #firsts: Float64Array;

  /** @param wait what to do while there is no place; it sleeps where nothing is said. Called again as long as there is none. */
  constructor(job: LoaderJob, wait?: () => void) {
    const { map, memory, stream, sampler } = job;
    if (map.stream === null) throw new Error('loader: expected the map of a stream; this is a fault in lockstep');
    this.#job = job;
    this.#wait = wait ?? ((bell) => this.#sleep(bell));
    this.#places = map.stream;
    this.#views = attachViews(memory, map);
    this.#reader = new BlockReader(stream);
    this.#firsts = firstIndices(stream.blocks.count);
    this.#steps = stepsPerEpoch(sampler);
    this.#step = this.#committed();
    const { epoch, start } = stepBatch(sampler, this.#step);
    this.#epoch = epochWindows(stream.order, epoch);
    this.#window = windowAt(this.#epoch, start);
    this.#lastSteps = new Int32Array(map.stream.windows).fill(-1);
  }

  /** Loads the next window, and makes the steps ready whose last samples it has. */
  loadNext(): void {
    const { stream } = this.#job;
    const { starts, epoch } = this.#epoch;
    const windows = starts.length - 1;
    const slot = (epoch * windows + this.#window) % this.#places.windows;
    this.#awaitStep(this.#lastSteps[slot] + 1);
    const ids = this.#readWindow(slot);
    this.#lastSteps[slot] =
      epoch * this.#steps + Math.floor((starts[this.#window + 1] - 1) / this.#job.sampler.batchSize);
    this.#writeSteps(slot, ids);
    this.#window++;
    if (this.#window < windows) return;
    this.#epoch = epochWindows(stream.order, epoch + 1);
    this.#window = 0;
  }

  #committed(): number {
    const { words } = this.#job.map;
    return ctlStep(currentWord64(this.#views.words64, words.ctl));
  }

  /** Waits until so many steps are committed whose samples nobody keeps. */
  #awaitStep(steps: number): void {
    const { words } = this.#job.map;
    const { words32 } = this.#views;
    const isThere = () => Math.min(this.#committed(), currentWord32(words32, words.samplesKept)) >= steps;
    if (isThere()) return;
    for (;;) {
      // In this order: whoever commits after the look finds it asleep and rings another bell than this one.
      const bell = currentWord32(words32, words.loaderBell);
      publishWord32(words32, words.loaderAsleep, 1);
      if (isThere()) break;
      this.#wait(bell);
    }
    publishWord32(words32, words.loaderAsleep, 0);
  }

  #sleep(bell: number): void {
    sleepOn(this.#views.words32, this.#job.map.words.loaderBell, bell, LOOK_MS);
  }

  /** Reads the blocks of the window, one behind the other. @returns the ids of their samples in that order */
  #readWindow(slot: number): Uint32Array {
    const { stream, map, memory } = this.#job;
    const { input, target, blocks, order } = stream;
    const bytes = sampleBytes(stream);
    const { words32 } = this.#views;
    const ids = new Uint32Array(this.#epoch.starts[this.#window + 1] - this.#epoch.starts[this.#window]);
    const firsts = this.#firsts;
    let done = 0;
    for (const block of windowBlocksOf(order, this.#epoch, this.#window)) {
      const count = blocks.count[block];
      const place = slot * this.#places.windowSamples + done;
      const view = (storage: Storage, base: number, perSample: number) =>
        storageArray(memory.buffer, storage, base + place * perSample, count * perSample);
      publishWord32(words32, map.words.loaderBlock, block);
      bump(words32, map.words.loaderBeat);
      const inputs = view(input.storage, map.inputs, bytes.input);
      const blockIds = stream.ids.subarray(firsts[block], firsts[block] + count);
      this.#reader.read(blocks, block, blockIds, inputs, view(target.storage, map.targets, bytes.target));
      ids.set(blockIds, done);
      done += count;
    }
    return ids;
  }

  /** Writes ids and places of the window's positions into the steps that they belong to. */
  #writeSteps(slot: number, ids: Uint32Array): void {
    const { stream, map, memory, sampler } = this.#job;
    const positions = windowPositions(stream.order, this.#epoch, this.#window);
    const first = slot * this.#places.windowSamples;
    const windowStart = this.#epoch.starts[this.#window];
    const windowEnd = this.#epoch.starts[this.#window + 1];
    for (;;) {
      const { start, count } = stepBatch(sampler, this.#step);
      const from = start + this.#written;
      const end = Math.min(start + count, windowEnd);
      this.#awaitStep(this.#step - map.orderCount + 1);
      const address = map.orders + (this.#step % map.orderCount) * map.orderBytes;
      const stepIds = new Uint32Array(memory.buffer, address, count);
      const stepPlaces = new Uint32Array(memory.buffer, address + this.#places.placesOffset, count);
      for (let position = from; position < end; position++) {
        const index = positions[position - windowStart];
        stepIds[position - start] = ids[index];
        stepPlaces[position - start] = first + index;
      }
      this.#written = end - start;
      if (this.#written < count) return;
      this.#step++;
      this.#written = 0;
      this.#raiseReady();
      if (end === windowEnd) return;
    }
  }

  /** Words only go up: one that takes over must not take back what was told. */
  #raiseReady(): void {
    const { words } = this.#job.map;
    const { words32 } = this.#views;
    const ready = currentWord32(words32, words.samplesReady);
    if (this.#step <= ready) return;
    publishWord32(words32, words.samplesReady, this.#step);
    // The coordinator begins when the first step is there.
    if (ready === 0) bump(words32, words.coordBell);
  }
}

function firstIndices(counts: Uint32Array): Float64Array {
  const out = new Float64Array(counts.length);
  for (let block = 1; block < out.length; block++) out[block] = out[block - 1] + counts[block - 1];
  return out;
}
