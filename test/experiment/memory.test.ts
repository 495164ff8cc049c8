// What the table of memory says against what the operating system says. The runs are processes of their own: this one's memory is vitest's.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { EndEvent, MemoryRow, StartEvent } from '#src/experiment/events.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

function run(...overrides: string[]): { start: StartEvent; end: EndEvent } {
  const args = [
    path('../../dist/bundle/cli/main.js'),
    'train',
    path('../../configs/digits.yaml'),
    '--json',
    ...overrides,
  ];
  const cwd = mkdtempSync(join(tmpdir(), 'lockstep-memory-'));
  const stdout = execFileSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1e9,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = stdout.trim().split('\n');
  return { start: JSON.parse(lines[0]), end: JSON.parse(lines[lines.length - 1]) };
}

const sum = (rows: MemoryRow[], bytes: 'allocatedBytes' | 'residentBytes'): number =>
  rows.reduce((total, row) => total + row[bytes], 0);

describe('the table of memory', () => {
  test('its total is the peak resident size within 15 % + 20 MB', () => {
    // With a model large enough that the shared part counts.
    const { start, end } = run('steps=5', 'model=[{dense: 1500}, {dense: 1500}, {dense: 10}]');
    const peak = end.summary.peakRssBytes;
    expect(Math.abs(sum(start.memory, 'residentBytes') - peak)).toBeLessThan(0.15 * peak + 20e6);
  });

  test('its shared part is what is allocated: whole pages of 64 KiB', () => {
    const { start } = run('steps=1');
    const shared = sum(
      start.memory.filter(({ isShared }) => isShared),
      'allocatedBytes',
    );
    expect(shared % 65_536).toBe(0);
  });
});

test('resident size stays flat over 2,000 steps', () => {
  const script = `
    import { loadConfig, train } from ${JSON.stringify(path('../../dist/src/index.js'))};
    const { config, baseDir } = loadConfig(${JSON.stringify(path('../../configs/digits.yaml'))}, ['steps=2600', 'data.validation=0', 'model=[{dense: 64, activation: relu}, {dense: 10}]']);
    const sizes = [];
    const onEvent = ({ type, step }) => { if (type === 'step') sizes.push([step, process.memoryUsage.rss()]); };
    await train(config, { baseDir, runsDir: ${JSON.stringify(mkdtempSync(join(tmpdir(), 'lockstep-rss-')))}, onEvent });
    console.log(JSON.stringify(sizes));
  `;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const sizes: [number, number][] = JSON.parse(printed);
  const warm = sizes.find(([step]) => step >= 600)?.[1] ?? 0;
  const last = sizes[sizes.length - 1][1];
  // Young generations of three isolates may still grow by some MB; a leak of one float64 a parameter and step would be 77 MB.
  expect(last - warm).toBeLessThan(16e6);
});
