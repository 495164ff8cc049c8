import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDigits } from '#src/data/digits.js';

// The counts are those of zcat and awk over the file; UCI's documentation of optdigits.tes gives the same ones.
describe('openDigits', () => {
  const source = openDigits();
  const images = new Uint8Array(1797 * 64);
  const labels = new Uint8Array(1797);
  source.fill(images, labels);

  it('has 1,797 images of 8×8 in ten classes', () => {
    expect(source).toMatchObject({
      input: { shape: [1, 8, 8], storage: 'u8', divisor: 16 },
      target: { kind: 'class', storage: 'u8', classes: 10 },
      splitSamples: 1797,
      testSamples: 0,
    });
  });

  it('has the known number of each digit', () => {
    const counts = Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });

  it('has the known pixels', () => {
    expect([...images.subarray(0, 16)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
    expect(images.reduce((sum, pixel) => sum + pixel, 0)).toBe(561_718);
  });

  it('comes from the file that data/LICENSES.md names', () => {
    const data = new URL('../../data/', import.meta.url);
    const sha256 = createHash('sha256')
      .update(readFileSync(new URL('digits.csv.gz', data)))
      .digest('hex');
    expect(readFileSync(new URL('LICENSES.md', data), 'utf8')).toContain(sha256);
  });
});
