// Samples that are images → one picture of many, as pixels, text blocks or a PNG; coordinator, pure.

import { crc32, deflateSync } from 'node:zlib';
import type { DatasetSpec, Inputs } from './source.ts';

/** Rows of pixels from 0 to 255, `channels` (1: grey, 3: red, green, blue) bytes each. */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3;
  pixels: Uint8Array;
}

/** Whether samples can be shown: (channels, rows, columns) of 1 or 3 channels. */
export function isImage({ input }: Pick<DatasetSpec, 'input'>): boolean {
  return input.storage !== 'i32' && input.shape.length === 3 && (input.shape[0] === 1 || input.shape[0] === 3);
}

/** The images of these ids, row by row, `across` in a row, a pixel apart; the least value of them all is black, the largest white. */
export function pictureGrid(
  { input }: Pick<DatasetSpec, 'input'>,
  inputs: Inputs,
  ids: ArrayLike<number>,
  across: number,
): Picture {
  const [channels, rows, columns] = input.shape;
  const down = Math.ceil(ids.length / across);
  const width = across * (columns + 1) - 1;
  const height = down * (rows + 1) - 1;
  const elements = channels * rows * columns;
  const { least, scale } = contrast(inputs, ids, elements);
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < ids.length; i++) {
    const top = Math.floor(i / across) * (rows + 1);
    const left = (i % across) * (columns + 1);
    for (let element = 0; element < elements; element++) {
      const channel = Math.floor(element / (rows * columns));
      const row = top + (Math.floor(element / columns) % rows);
      const column = left + (element % columns);
      const value = inputs[ids[i] * elements + element];
      pixels[(row * width + column) * channels + channel] = Math.floor((value - least) * scale + 0.5);
    }
  }
  return { width, height, channels: channels as 1 | 3, pixels };
}

function contrast(inputs: Inputs, ids: ArrayLike<number>, elements: number): { least: number; scale: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < ids.length; i++) {
    for (let at = ids[i] * elements; at < (ids[i] + 1) * elements; at++) {
      least = Math.min(least, inputs[at]);
      most = Math.max(most, inputs[at]);
    }
  }
  return { least, scale: most > least ? 255 / (most - least) : 0 };
}

const SHADES = ' ░▒▓█';

/** A picture as text: a pixel is two characters of one of five shades. */
export function pictureBlocks({ width, height, channels, pixels }: Picture): string[] {
  return Array.from({ length: height }, (_, row) => {
    let line = '';
    for (let column = 0; column < width; column++) {
      const at = (row * width + column) * channels;
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) sum += pixels[at + channel];
      line += SHADES[Math.floor((sum * SHADES.length) / (256 * channels))].repeat(2);
    }
    return line.trimEnd();
  });
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const COLOUR_TYPES = { 1: 0, 3: 2 };

/** A picture as a PNG file of 8 bits a channel. @see ISO/IEC 15948:2003, Portable Network Graphics, sections 5.3 and 11.2.2 */
export function encodePng({ width, height, channels, pixels }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = COLOUR_TYPES[channels];
  // A byte in front of each row says that it is not filtered.
  const rowBytes = width * channels;
  const rows = Buffer.alloc(height * (rowBytes + 1));
  for (let row = 0; row < height; row++) {
    rows.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  const parts = [pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(rows)), pngChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from(SIGNATURE), ...parts]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const chunk = Buffer.alloc(named.length + 8);
  chunk.writeUInt32BE(content.length, 0);
  chunk.set(named, 4);
  chunk.writeUInt32BE(crc32(named), named.length + 4);
  return chunk;
}
