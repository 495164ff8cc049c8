// The samples in memory → a warning for each part that shares some with another one. Coordinator, before training.
import type { Dataset } from '../data/dataset.ts';
import { findSharedSamples } from '../data/shared-samples.ts';
import { type Inputs, sampleBytes } from '../data/source.ts';

/** A line for the validation part and one for the test part, where they have inputs that a part before them has. */
export function sharedSampleWarnings({ spec, parts, sampleName }: Dataset, inputs: Inputs): string[] {
  const bytes = new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength);
  const shared = findSharedSamples({ bytes, bytesPerSample: sampleBytes(spec).input }, parts);
  return shared.map(({ part, count, first: [id, twin] }) => {
    const others = part === 'test' ? 'the training or validation part' : 'the training part';
    const example = `such as ${sampleName(id)}, the same as ${sampleName(twin)}`;
    const of = parts[part].length;
    return `data: ${count} of ${of} samples of the ${part} part have the input of one in ${others}, ${example}; remove copies, or keep them together with data.split: group`;
  });
}
