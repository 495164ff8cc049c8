// Augmentations → the kernel calls that change a gathered micro-batch, and those that make a mixture's partners and shares. Coordinator only.
import type { Augmentation } from '../data/augment.schema.ts';
import { imageExtents, kindOf, type Mixture, pairOf } from '../data/augmentation.ts';
import type { InputSpec } from '../data/source.ts';
import { type KernelCall, type Operand, words } from '../graph/kernel-call.ts';
import { PURPOSE } from '../kernels/purpose.ts';
import { betaQuantiles } from './beta-quantiles.ts';

const ROWS: Operand = { of: 'rows', multiplier: 1 };
const FILLS = { zero: 0, edge: 1, reflect: 2 };
/** Of four blocks of random words. */
const WORDS_BYTES = 64;
/** Where values may be anything: f32 has none beyond. */
const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/** What `augmentTurn` wants of scratch memory. */
export function paddedPlaneBytes(height: number, width: number): number {
  return (height + 3) * (width + 3) * 4;
}

/** The most that a call for one sample uses of scratch memory. */
export function augmentScratchBytes(input: InputSpec): number {
  const [, height, width] = imageExtents(input);
  return Math.max(paddedPlaneBytes(height, width), WORDS_BYTES);
}

/** Draws are made for `index`, the place in the list; they are the same wherever a sample stands. */
function drawsOf(index: number): Operand[] {
  return [{ of: 'epoch' }, PURPOSE.augmentation + index * 256, { of: 'seedLow' }, { of: 'seedHigh' }];
}

const thresholdOf = (probability: number): number => probability * 2 ** 32;

/** The call that changes samples in place, each by its own draws. `x` is where they lie, `ids` say who they are. */
export function augmentCall(one: Augmentation, index: number, x: Operand, ids: Operand, input: InputSpec): KernelCall {
  const [channels, height, width] = imageExtents(input);
  const head = [x, ids, ROWS, channels, height, width, ...drawsOf(index), thresholdOf(one.probability)];
  const planeScratch: Operand = { of: 'scratch', bytes: () => height * width * 4 };
  const paddedScratch: Operand = { of: 'scratch', bytes: () => paddedPlaneBytes(height, width) };
  const [least, most] = input.storage === 'u8' ? [0, 255 / input.divisor] : [-LARGEST_FLOAT, LARGEST_FLOAT];
  const call = (kernel: KernelCall['kernel'], ...args: Operand[]): KernelCall => ({
    kernel,
    args: [...head, ...args],
    detail: `augment ${kindOf(one)}`,
  });
  if ('flip' in one) return call('augmentFlip', one.flip === 'horizontal' ? 1 : 0);
  if ('crop' in one) return call('augmentShift', ...pairOf(one.crop), FILLS[one.fill], planeScratch);
  if ('shift' in one) {
    const [rows, columns] = pairOf(one.shift);
    return call('augmentShift', Math.floor(rows * height), Math.floor(columns * width), FILLS[one.fill], planeScratch);
  }
  if ('rotate' in one) return call('augmentTurn', one.rotate / 360, 1, 1, paddedScratch);
  if ('scale' in one) {
    const [low, high] = typeof one.scale === 'number' ? [1 - one.scale, 1 + one.scale] : one.scale;
    return call('augmentTurn', 0, low, high, paddedScratch);
  }
  if ('cutout' in one) return call('augmentCutout', ...pairOf(one.cutout));
  if ('noise' in one) return call('augmentNoise', one.noise, least, most, { of: 'scratch', bytes: () => WORDS_BYTES });
  if ('brightness' in one) return call('augmentTone', one.brightness, 0, least, most);
  if ('contrast' in one) return call('augmentTone', one.contrast, 1, least, most);
  throw new Error(`augment: expected a change of single samples, got ${kindOf(one)}; this is a fault in lockstep`);
}

/** The call that writes the ids (u32) of the samples' partners. */
export function partnersCall(index: number, out: Operand): KernelCall {
  const args = [out, { of: 'ids' } as const, ROWS, { of: 'batchIds' } as const, { of: 'batchCount' } as const];
  return { kernel: 'mixPartners', args: [...args, ...drawsOf(index)], detail: 'augment partners' };
}

/** What tells how a sample is mixed. */
function mixRule(mixture: Mixture, index: number): Operand[] {
  const table = betaQuantiles('mixup' in mixture ? mixture.mixup : mixture.cutMix);
  const quantiles = words([...new Int32Array(table.buffer)]);
  return [...drawsOf(index), thresholdOf(mixture.probability), quantiles, 'cutMix' in mixture ? 1 : 0];
}

/** The call that writes each sample's own share. */
export function sharesCall(mixture: Mixture, index: number, out: Operand, input: InputSpec): KernelCall {
  const [, height, width] = imageExtents(input);
  const args = [out, { of: 'ids' } as const, ROWS, height, width, ...mixRule(mixture, index)];
  return { kernel: 'mixShares', args, detail: `augment ${kindOf(mixture)} shares` };
}

/** The call that mixes the samples at `x` with those at `others`. */
export function mixCall(mixture: Mixture, index: number, x: Operand, others: Operand, input: InputSpec): KernelCall {
  const args = [x, { of: 'ids' } as const, ROWS, others, ...imageExtents(input), ...mixRule(mixture, index)];
  return { kernel: 'mixRows', args, detail: `augment ${kindOf(mixture)}` };
}
