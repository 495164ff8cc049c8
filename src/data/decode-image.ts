// The bytes of an image file → bytes of pixels of one size, by sharp. Coordinator and the process that decodes many.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataError } from './data-error.ts';

/** What every image becomes. It is stored with the model. */
export interface ImageRule {
  /** [height, width]; null: as the image is. */
  size: readonly [height: number, width: number] | null;
  /** How an image of another shape is fitted: cut off, with black bars, or stretched. */
  fit: 'cover' | 'contain' | 'fill';
  /** Grey, colour, colour with alpha. */
  channels: 1 | 3 | 4;
}

/** Pixels from 0 to 255 (channels, height, width). */
export interface DecodedImage {
  pixels: Uint8Array;
  height: number;
  width: number;
}

type Sharp = typeof import('sharp')['default'];

/** Installs the package that decodes. */
export const SHARP_INSTALL = 'npm install sharp';

/** The formats that are read, as libvips calls them; nothing else is tried, whatever a file is called. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((name) => `VipsForeignLoad${name}`);
/** How such files are called. */
export const IMAGE_EXTENSIONS = ['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif'];

/** Where sharp is: looks where lockstep is installed, then where it was started. @throws DataError with the install line */
export function findSharp(): string {
  for (const origin of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(origin).resolve('sharp');
    } catch {
      // Not resolvable from here; the error tells when it is so from everywhere.
    }
  }
  throw new DataError(
    'data.source images',
    'the npm package sharp, which decodes images',
    'none',
    `run ${SHARP_INSTALL}`,
  );
}

/** Loads sharp for the formats that are read. @throws DataError as `findSharp` does */
export async function loadSharp(): Promise<Sharp> {
  const module = await import(pathToFileURL(findSharp()).href);
  const sharp = module.default as Sharp;
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  // Images go side by side, each on one core, and none comes twice.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

/**
 * Decodes one image: turned upright as its EXIF data say, in sRGB, transparent pixels on black where there is no alpha, the first picture of
 * an animation. Resizing is libvips' Lanczos filter.
 *
 * @param file a path, or the bytes of a file
 * @throws where it does not decode whole
 */
export async function decodeImage(sharp: Sharp, file: string | Uint8Array, rule: ImageRule): Promise<DecodedImage> {
  const { size, fit, channels } = rule;
  let image = sharp(file, { failOn: 'warning', autoOrient: true });
  if (size !== null) image = image.resize({ height: size[0], width: size[1], fit, background: '#000' });
  image = channels === 4 ? image.ensureAlpha() : image.flatten({ background: '#000' });
  image = image.toColourspace(channels === 1 ? 'b-w' : 'srgb');
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (info.channels !== channels) throw new Error(`expected ${channels} channels, got ${info.channels}`);
  return { pixels: planesOf(data, channels), height: info.height, width: info.width };
}

/** (pixels, channels) → (channels, pixels). */
function planesOf(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return data;
  const area = data.length / channels;
  const planes = new Uint8Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) planes[channel * area + i] = data[i * channels + channel];
  }
  return planes;
}

/** One line of what a decoder says. */
export function describeFailure(error: unknown): string {
  return (error as Error).message.split('\n')[0].trim() || 'no reason given';
}
