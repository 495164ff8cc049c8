// A source of images with class labels → a folder a class, a PNG file an image: what `source: images` reads. Coordinator.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from './data-error.ts';
import { encodePng } from './picture-grid.ts';
import { type Source, sampleElements, targetElements } from './source.ts';

/** Writes `folder/class/00017.png` for each sample, grey or in colour. @throws DataError for other samples, and for a folder that is there already */
export function writeClassFolders(source: Source, folder: string): void {
  const { input, target, classNames } = source;
  const [channels, height, width] = input.shape;
  const isImages = input.storage === 'u8' && input.shape.length === 3 && (channels === 1 || channels === 3);
  if (!isImages || target.kind !== 'class' || target.shape !== undefined)
    throw new DataError('--folder', 'a set of images with a class each', source.name, 'use --out');
  if (existsSync(folder)) throw new DataError(folder, 'a folder that is not there yet', 'one that is', 'name another');
  const samples = source.splitSamples + source.testSamples;
  const inputs = new Uint8Array(samples * sampleElements(input.shape));
  const targets = new Uint8Array(samples * targetElements(target));
  source.fill(inputs, targets);
  const digits = `${samples - 1}`.length;
  for (let c = 0; c < target.classes; c++) mkdirSync(join(folder, classNames?.[c] ?? `${c}`), { recursive: true });
  for (let id = 0; id < samples; id++) {
    const planes = inputs.subarray(id * channels * height * width, (id + 1) * channels * height * width);
    const pixels = new Uint8Array(planes.length);
    for (let i = 0; i < planes.length; i++) {
      const at = (i % (height * width)) * channels + Math.floor(i / (height * width));
      pixels[at] = Math.floor((planes[i] * 255) / input.divisor + 0.5);
    }
    const name = `${`${id}`.padStart(digits, '0')}.png`;
    const folderOf = classNames?.[targets[id]] ?? `${targets[id]}`;
    writeFileSync(join(folder, folderOf, name), encodePng({ width, height, channels, pixels }));
  }
}
