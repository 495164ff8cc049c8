import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { openDataset } from '#src/data/dataset.js';
import { inspectDataset, readSamples } from '#src/data/inspect.js';
import { encodePng, isImage, pictureBlocks, pictureGrid } from '#src/data/picture-grid.js';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();

function inspect(options: Record<string, unknown>) {
  const dataset = openDataset(dataSchema.parse(options), 1, folder);
  return inspectDataset(dataset, readSamples(dataset));
}

describe('inspectDataset', () => {
  it('counts parts, classes, missing cells and copies, and gives the ranges that are trained on', () => {
    write('a.csv', 'a,b,y\n1,u,no\n3,v,yes\n,v,no\n1,u,yes\n');
    const figures = inspect({ source: 'csv', file: 'a.csv', target: 'y', missing: 7, validation: 0.25 });
    expect(figures.samples).toEqual({ train: 3, validation: 1, test: 0 });
    const totals = figures.classes!.map(({ name, counts: { train, validation } }) => [name, train + validation]);
    expect(totals).toEqual([
      ['no', 2],
      ['yes', 2],
    ]);
    expect(figures.missing).toEqual([{ column: 'a', count: 1 }]);
    expect(figures.duplicates).toBe(1);
    // 1, 3, 7, 1: mean 3, squares 4 + 0 + 16 + 4 = 24, so a deviation of √6.
    expect(figures.ranges[0]).toEqual({ name: 'a', min: 1, max: 7, mean: 3, deviation: Math.sqrt(6) });
    expect(figures.ranges.map(({ name }) => name)).toEqual(['a', 'b=u', 'b=v']);
    expect(figures.targetRange).toBeNull();
  });

  it('names the classes of a text by their characters, and tells no ranges of tokens', () => {
    write('a.txt', 'abab\nabab');
    const { classes, ranges } = inspect({ source: 'text', file: 'a.txt', length: 4 });
    expect(classes!.map(({ name, counts }) => [name, counts.train])).toEqual([
      ['"\\n"', 1],
      ['"a"', 3],
      ['"b"', 4],
    ]);
    expect(ranges).toEqual([]);
  });

  it('gives the range of targets that are values, and of bytes over their divisor', () => {
    write('b.csv', 'a,y\n1,0.5\n2,1.5\n');
    expect(inspect({ source: 'csv', file: 'b.csv', target: 'y' })).toMatchObject({
      classes: null,
      targetRange: { min: 0.5, max: 1.5, mean: 1, deviation: 0.5 },
    });
    expect(inspect({ source: 'digits' }).ranges).toMatchObject([{ name: 'input', min: 0, max: 1 }]);
  });
});

describe('a grid of pictures', () => {
  const spec = { input: { shape: [1, 2, 2], storage: 'u8', divisor: 1 } } as const;
  const images = Uint8Array.from([0, 10, 20, 30, 30, 20, 10, 0, 0, 0, 0, 30]);
  const grid = pictureGrid({ input: { ...spec.input, shape: [1, 2, 2] } }, images, [1, 2, 0], 2);

  it('has the images row by row, a pixel apart, the least value black and the largest white', () => {
    expect(grid).toMatchObject({ width: 5, height: 5, channels: 1 });
    const rows = Array.from({ length: 5 }, (_, row) => [...grid.pixels.subarray(row * 5, row * 5 + 5)]);
    expect(rows).toEqual([
      [255, 170, 0, 0, 0],
      [85, 0, 0, 0, 255],
      [0, 0, 0, 0, 0],
      [0, 85, 0, 0, 0],
      [170, 255, 0, 0, 0],
    ]);
    expect(pictureBlocks(grid)).toEqual(['██▓▓', '░░      ██', '', '  ░░', '▓▓██']);
  });

  it('becomes a PNG whose pixels are those of the grid', () => {
    const png = encodePng(grid);
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([5, 5, 8, 0]);
    const start = png.indexOf('IDAT') + 4;
    const rows = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
    for (let row = 0; row < 5; row++) {
      expect(rows[row * 6]).toBe(0);
      expect(rows.subarray(row * 6 + 1, row * 6 + 6)).toEqual(Buffer.from(grid.pixels.subarray(row * 5, row * 5 + 5)));
    }
    // The checksum of an empty IEND chunk is the same in every PNG file.
    expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082');
  });

  it('keeps the channels of colour images apart', () => {
    const input = { shape: [3, 1, 2], storage: 'u8' as const, divisor: 1 };
    const { pixels, channels } = pictureGrid({ input }, Uint8Array.from([0, 255, 10, 20, 30, 40]), [0], 1);
    expect(channels).toBe(3);
    expect([...pixels]).toEqual([0, 10, 30, 255, 20, 40]);
    expect(isImage({ input })).toBe(true);
    expect(isImage({ input: { shape: [4], storage: 'f32', divisor: 1 } })).toBe(false);
  });
});
