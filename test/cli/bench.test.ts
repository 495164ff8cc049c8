// The bench commands' tables and pages from made-up figures, and each command once as users start it, with tiny sizes.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import type { ScalingReport, ScalingRow } from '#src/bench/measure-scaling.js';
import { kernelPage, scalingPage, stepPage } from '#src/cli/bench-page.js';
import { countsUpTo, parseWorkers } from '#src/cli/command-bench.js';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { formatFigure, presentKernels, presentScaling, presentStep } from '#src/cli/present-bench.js';
import { escapeXml, lineChart } from '#src/cli/svg-chart.js';
import { runLockstep } from './program.ts';

const MACHINE = { version: '0.1.0', node: '20.20.2', cpu: 'A & B <fast>', cores: 2 };
const spread = (median: number) => ({ median, low: 0.9 * median, high: 1.1 * median, count: 5 });
const PHASES = { gather: 0.25, forward: 6, backward: 8, reduce: 0.5, update: 0.25, wait: 1, coordinator: 0 };

function scalingRow(workers: number, ratio: number, isDifferent: boolean): ScalingRow {
  const speedUp = { ratio: { median: ratio, low: ratio, high: ratio, count: 5 }, isDifferent };
  const hashes = [40, 90].map((step) => ({ step, stateSha256: `${step}`.padEnd(64, 'a') }));
  const samplesPerSecond = spread(16_000 * ratio);
  return {
    workers,
    samplesPerSecond,
    stepMs: 32 / ratio,
    speedUp,
    efficiency: ratio / workers,
    ceiling: workers,
    phases: PHASES,
    hashes,
  };
}

const SCALING: ScalingReport = {
  name: 'a<b',
  backend: 'wasm-simd',
  shards: 8,
  batchSize: 512,
  cores: 2,
  rounds: 5,
  stepsPerStretch: 10,
  noise: { low: 0.95, high: 1.05 },
  serialFraction: 0.031,
  isSame: true,
  rows: [scalingRow(1, 1, false), scalingRow(2, 1.94, true)],
};
const KERNELS = {
  backend: 'wasm-simd',
  peak: { gigaflops: 40, gigabytes: 28, cachedGigabytes: 95 },
  rows: [
    { kernel: 'add', size: '16,384', us: spread(2.4), gigaflops: 6.8, gigabytes: 81.6, share: 0.86, limit: 'memory' },
    { kernel: 'gemm', size: '512', us: spread(6711), gigaflops: 40, gigabytes: 0.3, share: 1, limit: 'arithmetic' },
  ] as const,
};
const STEP = {
  shards: 8,
  ranges: 16,
  cores: 2,
  rows: [{ workers: 1, step: spread(7), withNorm: spread(11), bare: spread(4), phaseEndUs: 3 }],
};

test('the table of kernels', () => {
  expect(presentKernels({ ...KERNELS, rows: [...KERNELS.rows] }, PLAIN_PAGE)).toBe(
    `peak of one core, by our own kernels: 40.0 GFLOP/s (gemm 512×512×512), 95.0 GB/s (copy in L2), 28.0 GB/s (copy of 4 MiB)

kernel  size       µs  GFLOP/s  GB/s  of peak
add     16,384   2.40     6.80  81.6     86 %  memory
gemm    512     6,711     40.0  0.30    100 %  arithmetic`,
  );
});

const PRODUCTS = {
  build: 'simd',
  blas: 'openblas-0.3.21-zen',
  rows: [
    {
      size: '64×64×64',
      own: spread(30),
      ownShare: 1,
      blas: spread(60),
      blasShare: 0.75,
      ratio: spread(0.5),
      goesTo: 'blas',
    },
    { size: '1×1×3', own: spread(0.2), ownShare: 0.01, blas: null, blasShare: null, ratio: null, goesTo: 'own' },
  ],
} as const;

test('the table of products stands under that of kernels', () => {
  const report = { ...KERNELS, rows: [...KERNELS.rows], products: { ...PRODUCTS, rows: [...PRODUCTS.rows] } };
  const text = presentKernels(report, PLAIN_PAGE);
  expect(text.startsWith(presentKernels({ ...KERNELS, rows: [...KERNELS.rows] }, PLAIN_PAGE))).toBe(true);
  expect(text.split('\n').slice(-5)).toEqual([
    'products on one core, GFLOP/s: our own gemm (wasm-simd) and openblas-0.3.21-zen; the peak of each is its best row',
    '',
    'm×n×k      own  of its peak  BLAS  of its peak           own ÷ BLAS  rule',
    '64×64×64  30.0        100 %  60.0         75 %  0.50 [0.45 to 0.55]  BLAS',
    '1×1×3     0.20          1 %     –            –                    –  own',
  ]);
  const html = kernelPage(report, MACHINE);
  expectWellFormed(html);
  expect(html).toContain('<td class="text">64×64×64</td>');
});

describe('the table of scaling', () => {
  it('says what the figures mean and that the bits are the same', () => {
    expect(presentScaling(SCALING, PLAIN_PAGE)).toBe(
      `a<b: 512 samples a step, 8 shards

workers                  samples/s  ms/step            against 1  ceiling  efficiency  state
      1  16,000 [14,400 to 17,600]    32.00                    –    1.00×       100 %  40aaaaaa 90aaaaaa
      2  31,040 [27,936 to 34,144]    16.49  1.94 [1.94 to 1.94]    2.00×        97 %  40aaaaaa 90aaaaaa

ms a step, means over the workers
workers  gather  forward  backward  reduce  update  wait  coordinator
      1   0.250     6.00      8.00   0.500   0.250  1.00        0.000
      2   0.250     6.00      8.00   0.500   0.250  1.00        0.000

medians of 5 rounds in turns, 10 steps a stretch; a run against itself differs by 0.95 to 1.05: what lies within is no difference
serial fraction 3.1 % of a step, by Amdahl's law below the ceilings
same bits: 1, 2 workers after 40 and 90 steps`,
    );
  });

  it('calls what is inside the noise no difference, and different bits a fault', () => {
    const report = { ...SCALING, isSame: false, rows: [SCALING.rows[0], scalingRow(2, 1.02, false)] };
    const text = presentScaling(report, PLAIN_PAGE);
    expect(text).toContain('no difference: 1.02 [1.02 to 1.02]');
    expect(text).toContain('different bits: this is a fault in lockstep');
  });
});

test('the table of the empty step', () => {
  expect(presentStep(STEP, PLAIN_PAGE).split('\n').slice(-2)).toEqual([
    'workers                 step            with NORM     1 shard, 1 range  a phase end',
    '      1  7.00 [6.30 to 7.70]  11.0 [9.90 to 12.1]  4.00 [3.60 to 4.40]         3.00',
  ]);
});

test.each([
  [0, '–'],
  [0.256, '0.26'],
  [9.99, '9.99'],
  [9.996, '10.0'],
  [99.96, '100'],
  [6711.4, '6,711'],
])('formatFigure gives %f three digits: %s', (value, text) => expect(formatFigure(value)).toBe(text));

test('workers are a list, or all up to a number; above eight, doublings', () => {
  expect(parseWorkers('4')).toEqual([1, 2, 3, 4]);
  expect(parseWorkers('4,1,4')).toEqual([1, 4]);
  expect(countsUpTo(12)).toEqual([1, 2, 4, 8, 12]);
  expect(() => parseWorkers('0')).toThrow('whole number of 1 or more');
});

/** Every tag of a page, closed in the right order; void elements end with />. */
function expectWellFormed(html: string): void {
  const open: string[] = [];
  const markup = html.replace(/<style>[\s\S]*?<\/style>/g, '').replace(/^<!doctype html>/, '');
  expect(markup.replace(/<\/?[a-z][^<>]*>/g, '')).not.toMatch(/[<>]/);
  for (const [tag, closing, name, rest] of markup.matchAll(/<(\/?)([a-z0-9]+)([^<>]*)>/g)) {
    if (closing) expect(open.pop(), tag).toBe(name);
    else if (!rest.endsWith('/')) open.push(name);
    expect(rest.replace(/\s[\w-]+="[^"<>]*"/g, '').replace('/', ''), tag).toBe('');
  }
  expect(open).toEqual([]);
  expect(markup.replace(/&(?:amp|lt|gt|quot);/g, '')).not.toContain('&');
}

describe('pages', () => {
  const pages = [
    kernelPage({ ...KERNELS, rows: [...KERNELS.rows] }, MACHINE),
    scalingPage(SCALING, MACHINE),
    stepPage(STEP, MACHINE),
  ];

  it.each(pages.map((page, i) => [['kernels', 'scaling', 'step'][i], page]))(
    'of %s is well-formed and needs nothing from outside',
    (_, page) => {
      expectWellFormed(page);
      expect(page).not.toMatch(/https?:|src=|href=|url\(|@import|<script/);
      expect(page).toContain('A &amp; B &lt;fast&gt;');
      expect(page).toMatch(/<svg [\s\S]*<\/svg>/);
    },
  );

  it('draws bars as long as their values', () => {
    const widths = [...pages[0].matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths[0] / widths[1]).toBeCloseTo(0.86, 2);
  });

  it('draws a point twice as high for twice the speed-up', () => {
    const chart = lineChart('t', [{ label: 'l', kind: 'c0', points: [0, 1, 2].map((x) => [x, x] as const) }], {
      x: 'x',
      y: 'y',
    });
    const [zero, one, two] = [...chart.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y));
    expect(zero - two).toBeCloseTo(2 * (zero - one), 0);
  });

  it('takes markup in names for text', () => expect(escapeXml(`<a b="c">&`)).toBe('&lt;a b=&quot;c&quot;&gt;&amp;'));
});

describe('lockstep bench', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  const config = `data: { source: synthetic, samples: 100, features: 8, classes: 3, batchSize: 20 }
model: [{ dense: 3 }]
loss: crossEntropy
`;
  writeFileSync(join(folder, 'small.yaml'), config);
  const runs: [string, string[]][] = [
    ['kernels', ['bench', 'kernels', 'add', 'sgd', '--ms', '1', '--numerics', 'portable']],
    ['scaling', ['bench', 'scaling', 'small.yaml', '--workers', '2', '--rounds', '1', '--ms', '1']],
    ['step', ['bench', 'step', '--workers', '2', '--steps', '20', '--repeats', '1']],
  ];

  it.each(runs)('%s prints a table or JSON, and writes a page', async (name, args) => {
    const text = await runLockstep([...args, '--html', `${name}.html`], folder);
    expect(text).toMatchObject({ code: 0, stderr: `page      ${name}.html\n` });
    expect(text.stdout).toMatch(/^lockstep .* · node .*\n\n/);
    expectWellFormed(readFileSync(join(folder, `${name}.html`), 'utf8'));
    const json = await runLockstep([...args, '--json'], folder);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({ bench: name, machine: { node: process.versions.node } });
    expect(JSON.parse(json.stdout).rows).toHaveLength(2);
  });

  it.each([
    ['a kernel that is none', ['kernels', 'gemmm'], 'bench kernels: expected names of kernels, got gemmm'],
    ['a page that cannot be written', ['step', '--workers', '1', '--steps', '1', '--html', 'no/x.html'], 'no/x.html'],
    ['no config', ['scaling'], "missing required argument 'config'"],
    ['an unknown bench', ['kernel'], "unknown command 'kernel'"],
  ])('refuses %s with exit code 2', async (_, args, message) => {
    const { code, stderr } = await runLockstep(['bench', ...args], folder);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
