// A stream and the size of a global batch → how much of it lies in memory at once. Pure; coordinator.
import { mostWindowSamples, mostWindowsTouched } from '../data/block-order.ts';
import type { SampleStream } from '../data/sample-stream.ts';
import type { StreamShape } from './memory-map.ts';

/** The windows that one step can touch, which have to be there together, and those that are read ahead. */
export function streamShape(
  { order, prefetch }: Pick<SampleStream, 'order' | 'prefetch'>,
  batchSize: number,
): StreamShape {
  return {
    windows: mostWindowsTouched(order, batchSize) + prefetch,
    windowSamples: mostWindowSamples(order),
    batchSize,
  };
}
