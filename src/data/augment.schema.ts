// The options of augmentation: what `data.augment` in a config may list. Coordinator only.
import { z } from 'zod';
import {
  type Frozen,
  mapping,
  numberAbove0,
  oneOf,
  share as shareFrom0To1,
  wholeNumber,
} from '../config/scalars.schema.ts';

const PHRASE = 'an augmentation such as { flip: horizontal }, { crop: 2 } or { mixup: 0.2 }';
const LIST_PHRASE = 'a list of augmentations such as [{ flip: horizontal }, { crop: 2 }]';
const SCALE_PHRASE = 'a number in (0, 1), or a pair [least, most] of numbers above 0';
const DEGREES_PHRASE = 'degrees above 0, 180 at most';
const ALPHA_PHRASE = 'a number above 0, 100 at most';

const probability = shareFrom0To1().default(1).describe('of a sample to be changed');
const pixels = () => {
  const error = 'pixels of 1 or more, or a pair [vertical, horizontal]';
  return z.union([wholeNumber(1, 65_535), z.array(wholeNumber(0, 65_535)).length(2)], { error });
};
const part = () => {
  const error = 'a share of the size from 0 to 1, or a pair [vertical, horizontal]';
  return z.union([shareFrom0To1(), z.array(shareFrom0To1()).length(2)], { error });
};
const above0 = (most: number, error: string) =>
  z.number({ error }).gt(0, { error, abort: true }).max(most, { error, abort: true });
const alpha = () => above0(100, ALPHA_PHRASE);
const fill = oneOf(['zero', 'edge', 'reflect'])
  .default('zero')
  .describe('what comes in from outside: zeros, the pixel at the edge, or the image mirrored there');

const scaleRange = z.array(numberAbove0()).length(2);

const schemas = [
  mapping({
    flip: oneOf(['horizontal', 'vertical']),
    probability: shareFrom0To1().default(0.5).describe('of a sample to be changed'),
  }),
  mapping({
    crop: pixels().describe('padding on each side; a piece of the size is cut out of that'),
    fill,
    probability,
  }),
  mapping({ shift: part().describe('at most so far to each side, by whole pixels'), fill, probability }),
  mapping({ rotate: above0(180, DEGREES_PHRASE).describe('degrees at most to each side'), probability }),
  mapping({
    scale: z
      .union([above0(0.99, SCALE_PHRASE), scaleRange], { error: SCALE_PHRASE })
      .describe('by a factor between 1 - scale and 1 + scale, or of a pair'),
    probability,
  }),
  mapping({ cutout: pixels().describe('the side of a hole of zeros'), probability }),
  mapping({ noise: numberAbove0().describe('standard deviation'), probability }),
  mapping({ brightness: shareFrom0To1().describe('by a factor of 1 ± at most that'), probability }),
  mapping({
    contrast: shareFrom0To1().describe('of the distance from the mean, by a factor of 1 ± at most that'),
    probability,
  }),
  mapping({ mixup: alpha().describe('the share is drawn of Beta(alpha, alpha)'), probability }),
  mapping({ cutMix: alpha().describe('the share is drawn of Beta(alpha, alpha)'), probability }),
] as const;

/** The keys that name a kind of augmentation. */
export const AUGMENTATIONS = schemas.map((schema) => Object.keys(schema.shape)[0]) as readonly string[];

/** `data.augment`. */
export const augmentSchema = z
  .array(z.union(schemas, { error: PHRASE }), { error: LIST_PHRASE })
  .min(1, { error: LIST_PHRASE })
  .optional()
  .describe('what training does to each sample, in this order, anew in every epoch; evaluation never does');

/** One item of it, all defaults filled in. */
export type Augmentation = Frozen<z.output<(typeof schemas)[number]>>;
