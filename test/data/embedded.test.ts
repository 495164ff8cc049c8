import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { openDataset } from '#src/data/dataset.js';
import { openFashionMnist } from '#src/data/mnist.js';

const FOLDER = fileURLToPath(new URL('../../data/', import.meta.url));
const open = (source: string, options: object = {}) => openDataset(dataSchema.parse({ source, ...options }), 1, '/');

function read(source: string, options: object = {}) {
  const { spec, fill, ...rest } = open(source, options);
  const elements = spec.samples * spec.input.shape.reduce((product, size) => product * size, 1);
  const inputs = spec.input.storage === 'i32' ? new Int32Array(elements) : new Float32Array(elements);
  const targets = new Float32Array(spec.samples * (spec.target.shape?.[0] ?? 1));
  fill(inputs, targets);
  return { spec, inputs, targets, ...rest };
}

const countOf = (targets: Float32Array, label: number) => targets.filter((one) => one === label).length;

describe('data/', () => {
  it('holds exactly the files that LICENSES.md lists, with the hashes that it gives', () => {
    const table = readFileSync(`${FOLDER}LICENSES.md`, 'utf8').matchAll(/^\| `([^`]+)` .*\| `([0-9a-f]{64})` \|$/gm);
    const listed = [...table].map(([, file, sha256]) => [file, sha256]);
    const files = readdirSync(FOLDER).filter((file) => file !== 'LICENSES.md');
    const present = files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(FOLDER + file))
        .digest('hex'),
    ]);
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(present));
  });
});

describe('the embedded tables', () => {
  it('have the samples, features and classes that their publishers give', () => {
    const cancer = read('breastCancer');
    expect(cancer.spec).toMatchObject({ samples: 569, input: { shape: [30] }, target: { classes: 2 } });
    // Wolberg et al.: 357 benign, 212 malignant; classes in the order of their code units.
    expect([countOf(cancer.targets, 0), countOf(cancer.targets, 1)]).toEqual([357, 212]);
    const iris = read('iris');
    expect(iris.spec).toMatchObject({ samples: 150, input: { shape: [4] }, target: { classes: 3 } });
    expect([0, 1, 2].map((label) => countOf(iris.targets, label))).toEqual([50, 50, 50]);
    const wine = read('wine');
    expect(wine.spec).toMatchObject({ samples: 178, input: { shape: [13] }, target: { classes: 3 } });
    expect([0, 1, 2].map((label) => countOf(wine.targets, label))).toEqual([59, 71, 48]);
    expect(read('diabetes').spec).toMatchObject({ samples: 442, input: { shape: [10] }, target: { kind: 'values' } });
  });

  it('give the known first rows', () => {
    expect([...read('iris').inputs.subarray(0, 4)]).toEqual([5.1, 3.5, 1.4, 0.2].map(Math.fround));
    const { inputs, targets } = read('diabetes');
    expect([...inputs.subarray(0, 10)]).toEqual([59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87].map(Math.fround));
    expect(targets[0]).toBe(151);
  });

  it('refuse the penguins’ missing cells unless it is said what becomes of them', () => {
    expect(() => open('penguins')).toThrow(
      'penguins.csv.gz:5 column "beak_length_mm": expected a number, got an empty cell',
    );
    // 344 birds, 11 of them with a missing cell, one of which was a point.
    expect(open('penguins', { missing: 'drop' }).spec.samples).toBe(333);
    const { spec, inputs, targets } = read('penguins', { missing: 'median', indicator: true });
    // 3 islands, 4 measures, 2 sexes, and an indicator for each of the 6 columns.
    expect(spec).toMatchObject({ samples: 344, input: { shape: [15] } });
    expect([0, 1, 2].map((label) => countOf(targets, label))).toEqual([152, 68, 124]);
    expect([...inputs.subarray(0, 15)]).toEqual([
      0,
      0,
      1,
      0,
      Math.fround(39.1),
      0,
      Math.fround(18.7),
      0,
      181,
      0,
      3750,
      0,
      0,
      1,
      0,
    ]);
  });

  it('predict another column where the config names one', () => {
    expect(open('penguins', { target: 'sex', missing: 'drop' }).spec).toMatchObject({
      target: { classes: 2 },
      input: { shape: [10] },
    });
  });
});

describe('the embedded texts', () => {
  it('are Moby Dick, with its end as the test part, and first names, a sample each', () => {
    const { spec, parts, inputs, preprocessing } = read('mobyDick', { length: 64, test: 0.1 });
    const { vocabulary } = preprocessing as unknown as { vocabulary: string[] };
    expect(vocabulary).toHaveLength(83);
    // 1,190,317 characters: ⌊n/10⌋ to test, a window and its next character each.
    expect([parts.train.length, parts.test.length]).toEqual([Math.floor(1_071_285 / 64), Math.floor(119_030 / 64)]);
    const first = Array.from(inputs.subarray(0, 42) as Float32Array, (token) => vocabulary[token]).join('');
    expect(first).toBe('CHAPTER 1. Loomings.\n\nCall me Ishmael. Som');
    expect(spec.target).toMatchObject({ classes: 83, shape: [64] });
    expect(open('firstNames').spec).toMatchObject({ samples: 8422, input: { shape: [16], classes: 55 } });
  });
});

describe('openFashionMnist', () => {
  it('gives the install line where the files are not', () => {
    expect(() => openFashionMnist(undefined, '/no/such/folder')).toThrow(
      'data.source fashionMnist: expected its files in /no/such/folder, got no such folder; ' +
        'run sudo apt-get install dataset-fashion-mnist (Debian), or name a folder of its four files as data.dir',
    );
  });

  it.runIf(existsSync('/usr/share/datasets/fashion-mnist'))('reads the files that Debian installs', () => {
    const source = openFashionMnist(undefined);
    expect(source).toMatchObject({ name: 'fashionMnist', splitSamples: 60_000, testSamples: 10_000 });
    // Ten classes of equal size; the first image is an ankle boot (Xiao et al. 2017).
    const counts = new Uint32Array(10);
    for (let id = 0; id < 70_000; id++) counts[source.labelOf!(id)]++;
    expect([...counts]).toEqual(Array(10).fill(7000));
    expect(source.labelOf!(0)).toBe(9);
  });
});
