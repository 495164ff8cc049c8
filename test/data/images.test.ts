// Images in folders and by a CSV file. Pictures with known pixels are PNG files of our own writer; sharp writes the other formats.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { DataError } from '#src/data/data-error.js';
import { openDataset } from '#src/data/dataset.js';
import { findSharp } from '#src/data/decode-image.js';
import { imageToInput } from '#src/data/image-input.js';
import type { ImagePreprocessing } from '#src/data/images.js';
import { readSamples } from '#src/data/inspect.js';
import { encodePng } from '#src/data/picture-grid.js';
import { verify } from '#src/index.js';
import { smallConfig } from '../experiment/small-config.ts';
import { temporaryFolder } from './temporary-folder.ts';

const hasSharp = (() => {
  try {
    findSharp();
    return true;
  } catch {
    return false;
  }
})();
/** Skipped where sharp is not installed: it is optional. */
const withSharp = describe.skipIf(!hasSharp);

const { folder } = temporaryFolder();
let count = 0;
/** A new folder with these files. */
function files(content: Record<string, string | Uint8Array>): string {
  const root = join(folder, `set${count++}`);
  mkdirSync(root);
  for (const [name, bytes] of Object.entries(content)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), bytes);
  }
  return root;
}

const [HEIGHT, WIDTH] = [3, 4];
/** (rows, columns, channels). */
const pixelsOf = (seed: number, channels: number, height = HEIGHT, width = WIDTH) =>
  Uint8Array.from({ length: height * width * channels }, (_, i) => (i * 37 + seed * 101) % 256);
const png = (seed: number, channels: 1 | 3 = 3, height = HEIGHT, width = WIDTH) =>
  encodePng({ width, height, channels, pixels: pixelsOf(seed, channels, height, width) });
/** One colour all over. */
const plain = (colour: number[], height: number, width: number) =>
  encodePng({
    width,
    height,
    channels: colour.length as 1 | 3,
    pixels: Uint8Array.from({ length: height * width * colour.length }, (_, i) => colour[i % colour.length]),
  });
/** (channels, rows, columns). */
const planes = (pixels: Uint8Array, channels: number) =>
  Array.from({ length: channels }, (_, c) => [...pixels].filter((_value, i) => i % channels === c)).flat();

const open = (options: Record<string, unknown>, seed = 1) =>
  openDataset(dataSchema.parse({ source: 'images', ...options }), seed, folder);
function read(options: Record<string, unknown>) {
  const dataset = open(options);
  const { inputs, targets } = readSamples(dataset);
  const elements = inputs.length / dataset.spec.samples;
  return {
    dataset,
    targets: [...targets],
    sample: (id: number) => [...inputs.subarray(id * elements, (id + 1) * elements)],
  };
}

withSharp('images in class folders', () => {
  it('are samples in the order of code units, channels first, with the names of their folders for classes', () => {
    const root = files({
      'b/2.png': png(1),
      'b/10.png': png(2),
      'B/x.png': png(3),
      'a b/deep/er/y.PNG': png(4),
      'a b/z.png': png(5),
      '.hidden/q.png': png(6),
      'b/.hidden.png': png(7),
      'b/Thumbs.db': 'no image',
      'empty/.keep': '',
      'readme.txt': 'of the set',
    });
    const { dataset, targets, sample } = read({ folder: root });
    expect(dataset.classNames).toEqual(['B', 'a b', 'b']);
    expect(dataset.spec.input).toEqual({ shape: [3, HEIGHT, WIDTH], storage: 'u8', divisor: 255 });
    expect(Array.from({ length: 5 }, (_, id) => dataset.sampleName(id))).toEqual([
      'B/x.png',
      'a b/deep/er/y.PNG',
      'a b/z.png',
      'b/10.png',
      'b/2.png',
    ]);
    expect(targets).toEqual([0, 1, 1, 2, 2]);
    for (const [id, seed] of [3, 4, 5, 2, 1].entries()) expect(sample(id)).toEqual(planes(pixelsOf(seed, 3), 3));
    expect(dataset.warnings).toEqual([
      `${join(root, 'empty')}: no images in it; it is no class`,
      `${root}: left out 1 files that are no images by their names, the first b/Thumbs.db`,
    ]);
  });

  it('are split as other samples are, and testFolder is the test part', () => {
    const many = (prefix: string, seeds: number[]) =>
      Object.fromEntries(
        seeds.flatMap((seed) => ['x', 'y'].map((c) => [`${prefix}${c}/${seed}.png`, png(seed + (c === 'x' ? 0 : 60))])),
      );
    const root = files({ ...many('train/', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), ...many('test/', [20, 21, 22]) });
    const { dataset, sample } = read({
      folder: join(root, 'train'),
      testFolder: join(root, 'test'),
      validation: 0.2,
      split: 'stratified',
    });
    const { train, validation, test } = dataset.parts;
    expect([train.length, validation.length, test.length]).toEqual([16, 4, 6]);
    expect([...test]).toEqual([20, 21, 22, 23, 24, 25]);
    expect([...validation].map((id) => dataset.sampleName(id)[0]).sort()).toEqual(['x', 'x', 'y', 'y']);
    expect(dataset.sampleName(23)).toBe('test y/20.png');
    expect(sample(23)).toEqual(planes(pixelsOf(80, 3), 3));
    const other = files({ 'z/1.png': png(1) });
    expect(() => open({ folder: join(root, 'train'), testFolder: other })).toThrow(
      `${other}: expected classes that are trained on (x, y), got "z"; rename the folder`,
    );
  });

  it('are tested in exactly one of the folds, each class spread over all of them', () => {
    const classes = ['a', 'b'];
    const names = classes.flatMap((name) => Array.from({ length: 6 }, (_, i) => `${name}/${i}.png`));
    const root = files(Object.fromEntries(names.map((name, i) => [name, png(i)])));
    const tested = [1, 2, 3].map((fold) => {
      const data = { source: 'images', folder: root, folds: 3, fold, split: 'stratified' };
      return openDataset(dataSchema.parse(data), 1, '/').parts.test;
    });
    expect(tested.flatMap((ids) => [...ids]).sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    for (const ids of tested) expect([...ids].filter((id) => id < 6)).toHaveLength(2);
  });

  it('become grey, colour, or colour with alpha', async () => {
    const root = files({ 'a/grey.png': plain([100], 2, 2), 'b/red.png': plain([255, 0, 0], 2, 2) });
    const grey = read({ folder: root, channels: 1 });
    expect(grey.sample(0)).toEqual([100, 100, 100, 100]);
    // Luminance of red in sRGB: 0.2126 of the light, which is 127 of 255; libvips' b-w is within 2.
    for (const value of grey.sample(1)) expect(Math.abs(value - 127)).toBeLessThan(3);
    const alpha = read({ folder: root, channels: 4 });
    expect(alpha.sample(0)).toEqual([...new Array(12).fill(100), ...new Array(4).fill(255)]);
    expect(alpha.sample(1)).toEqual([255, 0, 0, 255].flatMap((value) => new Array(4).fill(value)));
    const { default: sharp } = await import('sharp');
    const clear = {
      create: { width: 2, height: 2, channels: 4 as const, background: { r: 200, g: 100, b: 50, alpha: 0 } },
    };
    const transparent = files({ 'a/c.png': await sharp(clear).png().toBuffer(), 'b/d.png': plain([1, 2, 3], 2, 2) });
    expect(read({ folder: transparent }).sample(0)).toEqual(new Array(12).fill(0));
  });

  it('are resized: cut off, with black bars, or stretched', () => {
    // A wide picture: left third red, the middle green, the right third blue.
    const pixels = Uint8Array.from({ length: 10 * 30 * 3 }, (_, i) =>
      i % 3 === Math.floor((Math.floor(i / 3) % 30) / 10) ? 255 : 0,
    );
    const root = files({
      'a/wide.png': encodePng({ width: 30, height: 10, channels: 3, pixels }),
      'b/p.png': plain([9, 9, 9], 7, 5),
    });
    const at = (fit: string) => {
      const { sample, dataset } = read({ folder: root, size: [10, 10], fit });
      expect(dataset.spec.input.shape).toEqual([3, 10, 10]);
      expect(new Set(sample(1).slice(fit === 'contain' ? 33 : 0, fit === 'contain' ? 36 : 300))).toEqual(new Set([9]));
      const wide = sample(0);
      return (row: number, column: number) => [0, 1, 2].map((c) => wide[c * 100 + row * 10 + column]);
    };
    const cover = at('cover');
    for (const [row, column] of [
      [0, 0],
      [9, 9],
      [5, 5],
    ])
      expect(cover(row, column)).toEqual([0, 255, 0]);
    // Lanczos' filter overshoots a little beside an edge.
    const expectNear = (colour: number[], wanted: number[]) => {
      for (const [c, value] of colour.entries()) expect(Math.abs(value - wanted[c])).toBeLessThan(10);
    };
    const contain = at('contain');
    expect([contain(0, 5), contain(9, 5)]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expectNear(contain(5, 5), [0, 255, 0]);
    const fill = at('fill');
    expectNear(fill(5, 1), [255, 0, 0]);
    expectNear(fill(5, 5), [0, 255, 0]);
    expectNear(fill(5, 8), [0, 0, 255]);
  });

  it('of other formats, and turned by their EXIF data, are what they show', async () => {
    const { default: sharp } = await import('sharp');
    const base = plain([200, 40, 90], 16, 16);
    const half = {
      width: 16,
      height: 8,
      channels: 3 as const,
      pixels: Uint8Array.from({ length: 384 }, (_, i) => (Math.floor(i / 3) % 16 < 8 ? 255 : 0)),
    };
    const root = files({
      'a/1.jpg': await sharp(base).jpeg({ quality: 100 }).toBuffer(),
      'a/2.webp': await sharp(base).webp({ lossless: true }).toBuffer(),
      'a/3.gif': await sharp(base).gif().toBuffer(),
      'a/4.tiff': await sharp(base).tiff().toBuffer(),
      'b/5.png': await sharp(base).toColourspace('rgb16').png().toBuffer(),
      'b/6.png': await sharp(base).png({ palette: true }).toBuffer(),
    });
    const { sample } = read({ folder: root });
    for (let id = 0; id < 6; id++) {
      const value = sample(id);
      [200, 40, 90].forEach((wanted, c) => {
        expect(Math.abs(value[c * 256 + 100] - wanted)).toBeLessThan(4);
      });
    }
    // Orientation 6: the camera lay on its side; what was left is on top.
    const side = await sharp(encodePng(half)).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const turned = read({ folder: files({ 'a/1.jpg': side, 'b/2.png': plain([1, 2, 3], 16, 8) }) });
    expect(turned.dataset.spec.input.shape).toEqual([3, 16, 8]);
    expect(turned.sample(0)[2 * 8 + 4]).toBeGreaterThan(240);
    expect(turned.sample(0)[13 * 8 + 4]).toBeLessThan(15);
  });

  it('become the same sample on their own by the stored preprocessing', async () => {
    const root = files({ 'a/1.png': png(1, 3, 9, 20), 'b/2.png': png(2, 3, 33, 7), 'b/3.png': png(3, 1, 8, 8) });
    const { dataset, sample } = read({ folder: root, size: [8, 6], channels: 3, mean: 0.5, std: [0.2, 0.3, 0.4] });
    const stored = JSON.parse(JSON.stringify(dataset.preprocessing)) as ImagePreprocessing;
    expect(stored).toMatchObject({
      kind: 'images',
      size: [8, 6],
      fit: 'cover',
      channels: 3,
      scale: { mean: [0.5, 0.5, 0.5], deviation: [0.2, 0.3, 0.4] },
      classes: ['a', 'b'],
    });
    for (const [id, name] of ['a/1.png', 'b/2.png', 'b/3.png'].entries()) {
      expect([...(await imageToInput(join(root, name), stored))]).toEqual(sample(id));
      expect([...(await imageToInput(readFileSync(join(root, name)), stored))]).toEqual(sample(id));
    }
    await expect(imageToInput(join(root, 'none.png'), stored)).rejects.toThrow(DataError);
  });
});

withSharp('images by a CSV file', () => {
  const rows = 'label,where,path\ncat,x,one.png\n"dog, big",y,"sub/two.png"\ncat,z,three.png\n';
  const pictures = { 'one.png': png(1), 'sub/two.png': png(2), 'three.png': png(3) };

  it('are in the order of its rows, from where it lies or from folder', () => {
    const root = files({ 'list.csv': rows, ...pictures });
    const { dataset, targets, sample } = read({ file: join(root, 'list.csv') });
    expect(dataset.classNames).toEqual(['cat', 'dog, big']);
    expect(targets).toEqual([0, 1, 0]);
    for (const id of [0, 1, 2]) expect(sample(id)).toEqual(planes(pixelsOf(id + 1, 3), 3));
    expect(dataset.sampleName(1)).toBe(`${join(root, 'list.csv')}:3 sub/two.png`);
    const apart = files({ 'l.csv': 'one.png,b\nsub/two.png,a\n' });
    const byIndex = read({ file: join(apart, 'l.csv'), folder: root, pathColumn: 0, target: 1 });
    expect(byIndex.targets).toEqual([1, 0]);
    expect(byIndex.sample(1)).toEqual(planes(pixelsOf(2, 3), 3));
  });

  it.each([
    [{ pathColumn: 'file' }, rows, ': expected a column "file", got "label", "where", "path"; set data.pathColumn'],
    [{}, 'path,label\na.png\n', ':2: expected at least 2 cells, got 1; correct the row'],
    [{}, 'path,label\na.png,\n', ':2: expected a path and a label, got no label; correct the row'],
    [{}, 'path,label\n', ': expected rows of paths and labels, got none; check'],
    [{}, 'path,label\none.png,a\nnone.png,b\n', '1 of 2 images that do not ('],
    [{}, 'path,label\none.png,a\nthree.png,a\n', ': expected at least 2 classes, got 1: a; put each'],
  ])('refuses %j of %j', (options, text, message) => {
    const root = files({ 'list.csv': text, ...pictures });
    expect(() => open({ file: join(root, 'list.csv'), ...options })).toThrow(message);
    expect(() => open({ file: join(root, 'list.csv'), ...options })).toThrow(DataError);
  });
});

withSharp('images that do not decode', () => {
  const good = { 'a/1.png': png(1), 'b/2.png': png(2), 'b/5.png': png(5) };
  const bad = {
    'a/0.png': png(3).subarray(0, 60),
    'a/empty.png': '',
    'b/3.png': 'this is no picture',
    'b/4.png': png(4, 3, 5, 5),
    'b/6.svg.png': '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>',
  };

  it('are named', () => {
    const root = files({ ...good, ...bad });
    expect(() => open({ folder: root })).toThrow(
      /^\S+: expected images that decode, got 5 of 8 images that do not \(a\/0\.png: .+; a\/empty\.png: .+; b\/3\.png: .+; …\); mend or remove them, or set data\.onBadSample: skip$/,
    );
    const sized = files({ ...good, 'b/4.png': bad['b/4.png'] });
    expect(() => open({ folder: sized })).toThrow('(b/4.png: 5 × 5 pixels where others have 3 × 4; set data.size)');
    expect(open({ folder: sized, size: [4, 4] }).spec.samples).toBe(4);
  });

  it('are left out and counted where onBadSample is skip', () => {
    const root = files({ ...good, ...bad });
    const { dataset, targets, sample } = read({ folder: root, onBadSample: 'skip' });
    expect(dataset.spec.samples).toBe(3);
    expect(targets).toEqual([0, 1, 1]);
    expect([0, 1, 2].map(sample)).toEqual([1, 2, 5].map((seed) => planes(pixelsOf(seed, 3), 3)));
    expect(dataset.sampleName(2)).toBe('b/5.png');
    expect(dataset.warnings.join()).toMatch(/: skipped 5 of 8 images: a\/0\.png: /);
    const none = files({ 'a/1.png': 'x', 'b/2.png': 'y' });
    expect(() => open({ folder: none, onBadSample: 'skip' })).toThrow('2 of 2 images that do not');
  });

  it('never do anything else: bytes changed, cut off or put in are a sample or a named one', {
    timeout: 60_000,
  }, async () => {
    const { default: sharp } = await import('sharp');
    const pixels = Buffer.from(pixelsOf(1, 3, 24, 24));
    const raw = sharp(pixels, { raw: { width: 24, height: 24, channels: 3 } });
    const kinds = [
      await raw.clone().jpeg().toBuffer(),
      await raw.clone().webp().toBuffer(),
      await raw.clone().gif().toBuffer(),
    ];
    const damaged = fc.sample(
      fc
        .tuple(fc.constantFrom(...kinds), fc.nat(), fc.nat(255), fc.constantFrom('change', 'cut', 'insert'))
        .map(([bytes, place, byte, how]) => {
          const at = place % bytes.length;
          if (how === 'cut') return bytes.subarray(0, at);
          const copy =
            how === 'insert'
              ? Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)])
              : Buffer.from(bytes);
          copy[at] = byte;
          return copy;
        }),
      { numRuns: 200, seed: 1 },
    );
    const root = files(
      Object.fromEntries([
        ['a/good.png', png(1)],
        ['b/good.png', png(2)],
        ...damaged.map((bytes, i) => [`b/${i}.jpg`, bytes]),
      ]),
    );
    const { dataset } = read({ folder: root, size: [8, 8], onBadSample: 'skip' });
    expect(dataset.spec.samples).toBeGreaterThan(2);
    expect(dataset.spec.samples).toBeLessThan(202);
    expect(dataset.warnings[0]).toMatch(/skipped \d+ of 202 images/);
  });
});

withSharp('training on images', () => {
  let root = '';
  beforeAll(() => {
    root = files(
      Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`c${i % 3}/${i}.png`, png(i, 3, 6 + (i % 5), 7)])),
    );
  });

  it('gives the same bits with 1, 2 and 3 workers, augmented and standardised', { timeout: 60_000 }, async () => {
    const data = { source: 'images', folder: root, size: [8, 8], batchSize: 20, mean: [0.5, 0.4, 0.3], std: 0.25 };
    const augment = [{ flip: 'horizontal' }, { rotate: 10 }, { mixup: 0.4 }];
    const config = (more: object) =>
      smallConfig({
        data: { ...data, ...more },
        model: [{ conv: 4, activation: 'relu' }, { dense: 3 }],
        epochs: undefined,
        steps: 6,
      });
    const { isSame, runs } = await verify(config({ augment }), { workerCounts: [1, 2, 3] });
    expect(isSame, JSON.stringify(runs)).toBe(true);
    const others = [{}, { mean: undefined }, { std: 0.5 }, { fit: 'fill' }, { channels: 1, mean: 0 }];
    const hashes = new Set<string>([runs[0].weightsSha256]);
    for (const other of others) hashes.add((await verify(config(other), { workerCounts: [2] })).runs[0].weightsSha256);
    expect(hashes.size).toBe(others.length + 1);
  });
});

describe('images without what they need', () => {
  it.each([
    [{ folder: 'none' }, `${join(folder, 'none')}: expected a folder, got no such folder; check the path`],
    [{ folder: '.', mean: [1, 2] }, 'data.mean: expected 3 numbers, one a channel, got 2; give as many'],
    [{ folder: '.', channels: 1, std: [1, 2, 3] }, 'data.std: expected 1 numbers, one a channel, got 3'],
  ])('%j', (options, message) => {
    expect(() => open(options)).toThrow(message);
  });

  it('a folder without class folders, or without images in them', () => {
    const advice = 'put the images of each class into a folder of its name';
    expect(() => open({ folder: files({ 'a.png': png(1) }) })).toThrow(`got no folders; ${advice}`);
    expect(() => open({ folder: files({ 'a/b.txt': '' }) })).toThrow(`got no images; ${advice}`);
  });

  it('more than memory holds, before anything is decoded', () => {
    const root = files({ 'a/1.png': 'x', 'b/2.png': 'y' });
    expect(() => open({ folder: root, size: [60_000, 60_000] })).toThrow(
      'data.size: expected at most 4 GiB of decoded images',
    );
  });

  it('sharp: the error has the install line', async () => {
    const elsewhere = join(folder, 'without-sharp');
    mkdirSync(elsewhere);
    const built = (name: string) => fileURLToPath(new URL(`../../dist/src/data/${name}`, import.meta.url));
    for (const name of ['decode-image.js', 'data-error.js']) cpSync(built(name), join(elsewhere, name));
    writeFileSync(join(elsewhere, 'package.json'), '{ "type": "module" }');
    const { execFileSync } = await import('node:child_process');
    const script = "import('./decode-image.js').then((m) => m.findSharp()).catch((e) => console.log(e.message))";
    const said = execFileSync(process.execPath, ['-e', script], { cwd: elsewhere, encoding: 'utf8' });
    expect(said.trim()).toBe(
      'data.source images: expected the npm package sharp, which decodes images, got none; run npm install sharp',
    );
  });
});

afterAll(() => {
  if (!hasSharp) console.warn('images: sharp is not installed, its tests are skipped');
});
