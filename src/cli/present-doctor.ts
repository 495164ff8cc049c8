// A diagnosis of the machine → what people read of it, and what they may do. Pure.
import type { Diagnosis } from '../experiment/diagnosis.ts';
import type { Page } from './page.ts';
import { formatBytes, formatCount, formatCounted, formatDuration } from './present-number.ts';
import { formatBackend } from './present-start.ts';
import { joinParts, presentTable, wrapWords } from './present-table.ts';

/** Machine, engine, speeds, refusals, what `auto` is, and advice. */
export function presentDiagnosis(diagnosis: Diagnosis, page: Page): string {
  const sections = [
    presentMachine(diagnosis, page),
    presentSpeeds(diagnosis, page),
    presentRefusals(diagnosis, page),
    presentAuto(diagnosis, page),
    adviseOn(diagnosis)
      .map((line) => (line.startsWith(' ') ? line : wrapWords(line, page)))
      .join('\n'),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function presentMachine(diagnosis: Diagnosis, page: Page): string {
  const { cpu, cores, memoryBytes, freeMemoryBytes, relaxedSimd, koffi } = diagnosis;
  const machine = [
    `lockstep ${diagnosis.lockstep}`,
    `node ${diagnosis.node}`,
    `${diagnosis.platform} ${diagnosis.arch}`,
    cpu,
    formatCounted(cores, 'core'),
    `${formatBytes(memoryBytes)} of memory, ${formatBytes(freeMemoryBytes)} free`,
  ];
  const engine = [
    'WebAssembly SIMD: yes',
    `relaxed SIMD: ${relaxedSimd ? 'yes' : 'no'}`,
    `koffi, which calls a BLAS: ${koffi ? 'yes' : 'no'}`,
  ];
  return `${joinParts(machine, page)}\n${joinParts(engine, page)}`;
}

/** A row for each way of multiplying; the one that `fast` uses is marked. */
function presentSpeeds({ wasm, libraries }: Diagnosis, page: Page): string {
  const used = libraries.find(({ identity }) => identity !== null);
  const rows = [['wasm simd', wasm.simd.toFixed(0), '', '']];
  if (wasm.relaxed !== null) rows.push(['wasm relaxed', wasm.relaxed.toFixed(0), '', '']);
  for (const library of libraries) {
    const { identity, gigaflops, products, seconds, path } = library;
    if (identity === null || gigaflops === null) continue;
    const test = `${formatCount(products ?? 0)} at once in ${formatDuration(seconds ?? 0)}, none wrong`;
    rows.push([`${identity}${library === used ? ' *' : ''}`, gigaflops.toFixed(0), test, path]);
  }
  const columns = [
    { title: '512³ on one core', isText: true },
    { title: 'GFLOP/s' },
    { title: 'products', isText: true },
    { title: used === undefined ? '' : '* = used by numerics=fast', isText: true },
  ];
  return presentTable(columns, rows, page);
}

function presentRefusals({ libraries }: Diagnosis, page: Page): string {
  const refusals = libraries.flatMap(({ refusal }) => (refusal === null ? [] : [`refused ${refusal}`]));
  return refusals.map((text) => page.colors.yellow(wrapWords(text, page))).join('\n');
}

function presentAuto({ auto }: Diagnosis, page: Page): string {
  if ('error' in auto) return page.colors.yellow(wrapWords(`numerics=auto: ${auto.error}`, page));
  return `numerics=auto is ${page.colors.bold(`${auto.numerics} (${formatBackend(auto.backend)})`)} here`;
}

/** What would make the machine faster, if anything would. */
export function adviseOn({ platform, libraries, koffi, relaxedSimd, lockstepBlas }: Diagnosis): string[] {
  const advice: string[] = [];
  if (!koffi) advice.push('for any BLAS the optional package koffi is needed: npm install koffi');
  if (lockstepBlas === 'none') advice.push('LOCKSTEP_BLAS=none: no BLAS is looked for; unset it to use one');
  else if (libraries.length === 0 || (koffi && libraries.every(({ identity }) => identity === null))) {
    advice.push(...installAdvice(platform));
  }
  if (!relaxedSimd) advice.push('Node 22 and later have relaxed SIMD, which makes our own products somewhat faster');
  return advice;
}

function installAdvice(platform: string): string[] {
  if (platform === 'darwin') return ['macOS brings its BLAS, Accelerate: nothing needs to be installed'];
  if (platform !== 'linux')
    return ['for a BLAS set LOCKSTEP_BLAS to the path of an OpenBLAS that is built for threads'];
  return [
    'to install a BLAS, several times as fast as our own products:',
    '  Debian, Ubuntu: sudo apt-get install libopenblas0-pthread',
    '  Fedora: sudo dnf install openblas-threads',
    '  Arch: sudo pacman -S openblas',
    '  elsewhere: set LOCKSTEP_BLAS to the path of an OpenBLAS that is built for threads',
  ];
}
