// The sources → findings on who imports whom, on atomics and on mathematics: the rules of docs/architecture.md that no linter knows.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A folder of src/ imports only itself and folders before it; files of src/ itself (index.ts) come last. */
const ORDER = ['kernels', 'graph', 'nn', 'optim', 'data', 'config', 'plan', 'eager', 'engine', 'cluster', 'checkpoint'];
ORDER.push('experiment', 'predict', 'dashboard', 'bench', 'cli');

/**
 * Type imports against the order, which leave nothing in the built files: a model is made for a dataset's shapes, and data/ comes
 * later because its values need nothing of a model.
 */
const TYPES_UPWARD = [{ from: 'nn', to: 'src/data/source.ts' }];

/** What the entries in workers/ may import directly: folders of src/, and packages of the thread pool. */
const WORKER_FOLDERS = {
  default: ['kernels', 'plan', 'engine'],
  'checkpoint-writer': ['kernels', 'plan', 'engine', 'checkpoint'],
};
WORKER_FOLDERS['decode-images'] = ['data'];
WORKER_FOLDERS.loader = [...WORKER_FOLDERS.default, 'data'];
WORKER_FOLDERS['parquet-converter'] = ['data'];

/** Loaded once a worker, and no worker needs them. */
const COORDINATOR_PACKAGES = ['zod', 'yaml', 'commander', 'cli-progress', 'picocolors', 'hono'];
/** Nothing that these import, however far away, may be of the coordinator alone. */
const WORKER_ROOTS = ['workers/', 'src/engine/worker.ts', 'src/plan/interpreter.ts', 'src/kernels/'];

/** The program's entry: what it imports itself is loaded before any command begins, `--version` and `train` alike. */
const PROGRAM = 'src/cli/main.ts';
/** All that may be loaded then; commands import the rest when they run. */
const START_PACKAGES = ['commander', 'picocolors'];

const ATOMICS_FILE = 'src/engine/atomics.ts';
/** Exactly defined by ECMAScript; the others differ between engines. */
const EXACT_MATH = new Set('sqrt fround floor ceil trunc abs min max imul clz32'.split(' '));
/** What is only shown to people may be computed as one likes. */
const PRESENTATION = /^src\/(?:cli|dashboard)\/|^src\/experiment\/present-/;

/** Comments, and strings in quotes; regular expressions with quotes in them are not told apart, which has done no harm so far. */
const COMMENT_OR_STRING = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
const IMPORT =
  /^[ \t]*(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?(['"])([^'"\n]+)\2|\bimport\((['"])([^'"\n]+)\4\)/gm;

/** @returns {string[]} `file:line: what is wrong`, sorted */
export function findImportIssues(root) {
  const files = new Map(listSources(root).map((path) => [path, readSource(root, path)]));
  const issues = [...files.values()].flatMap((file) => [
    ...file.imports.flatMap((one) => directionIssues(file.path, one)),
    ...atomicsIssues(file),
    ...mathIssues(file),
  ]);
  return [...issues, ...cycleIssues(files), ...workerIssues(files), ...startIssues(files)].sort();
}

function listSources(root) {
  const found = ['src', 'workers'].flatMap((top) =>
    existsSync(join(root, top))
      ? readdirSync(join(root, top), { recursive: true }).map((path) => posix.join(top, path.split(sep).join('/')))
      : [],
  );
  return found.filter((path) => path.endsWith('.ts') && !path.startsWith('src/kernels/assembly/'));
}

function readSource(root, path) {
  const text = readFileSync(join(root, path), 'utf8');
  const blank = (part) => part.replace(/[^\n]/g, ' ');
  const withoutComments = text.replace(COMMENT_OR_STRING, (part) => (part.startsWith('/') ? blank(part) : part));
  const code = withoutComments.replace(COMMENT_OR_STRING, blankOutsideOfHoles);
  return {
    path,
    code,
    imports: [...withoutComments.matchAll(IMPORT)].map((match) => toImport(path, withoutComments, match)),
  };
}

/** Blanks a string, but not what stands between `${` and `}` in a template: that is code. */
function blankOutsideOfHoles(part) {
  const holes = [...part.matchAll(/\$\{[^}]*\}/g)];
  const isCode = (at) => holes.some(({ index, 0: hole }) => at >= index && at < index + hole.length);
  return part.startsWith('`') ? part.replace(/[^\n]/g, (c, at) => (isCode(at) ? c : ' ')) : part.replace(/[^\n]/g, ' ');
}

function toImport(path, text, match) {
  const specifier = match[3] ?? match[5];
  const isLocal = specifier.startsWith('.');
  const target = isLocal ? posix.join(dirname(path).split(sep).join('/'), specifier) : specifier;
  const isLate = match[5] !== undefined;
  return {
    target,
    isLocal,
    isLate,
    isType: match[1] !== undefined,
    line: lineOf(text, match.index + match[0].search(/\S/)),
  };
}

function directionIssues(path, { target, isLocal, isType, line }) {
  const issue = (text) => [`${path}:${line}: ${text}`];
  const isSchema = path.endsWith('.schema.ts');
  if (isSchema)
    return target === 'zod' || target.endsWith('.schema.ts')
      ? []
      : issue(`a schema imports ${target}: only zod and schemas may be`);
  if (!isLocal) return [];
  if (path.startsWith('workers/')) return workerDirectionIssues(path, target, issue);
  const [from, to] = [folderOf(path), folderOf(target)];
  if (rank(to) <= rank(from)) return [];
  if (from === 'config' && target.endsWith('.schema.ts')) return [];
  if (isType && TYPES_UPWARD.some((one) => one.from === from && one.to === target)) return [];
  return issue(`${from}/ imports ${isType ? 'a type of ' : ''}${target}: only folders before it may be`);
}

function workerDirectionIssues(path, target, issue) {
  const entry = posix.basename(path, '.ts');
  const allowed = WORKER_FOLDERS[entry] ?? WORKER_FOLDERS.default;
  return allowed.includes(folderOf(target))
    ? []
    : issue(`a thread entry imports ${target}: only ${allowed.join(', ')} may be`);
}

/** The folder of src/ that a path lies in; '' for a file of src/ itself. */
function folderOf(path) {
  const parts = path.split('/');
  return parts[0] === 'src' ? (parts.length > 2 ? parts[1] : '') : parts[0];
}

function rank(folder) {
  if (folder === '') return ORDER.length;
  const found = ORDER.indexOf(folder);
  return found < 0 ? ORDER.length + 1 : found;
}

/** Cycles among the built files. A registry and its entries may share types both ways: types leave no import. */
function cycleIssues(files) {
  const issues = [];
  const done = new Set();
  const visit = (path, trail) => {
    const start = trail.indexOf(path);
    if (start >= 0) issues.push(`${path}:1: an import cycle: ${[...trail.slice(start), path].join(' → ')}`);
    if (start >= 0 || done.has(path)) return;
    for (const { target, isLocal, isType } of files.get(path)?.imports ?? []) {
      if (isLocal && !isType) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  return issues;
}

/** What a worker loads, walked along the imports that remain in the built files. */
function workerIssues(files) {
  const issues = [];
  const from = new Map();
  const queue = [...files.keys()].filter((path) => WORKER_ROOTS.some((start) => path.startsWith(start)));
  for (const path of queue) from.set(path, null);
  for (const path of queue) {
    for (const { target, isLocal, isType, line } of files.get(path)?.imports ?? []) {
      if (isType) continue;
      if (isForCoordinator(target, isLocal))
        issues.push(`${path}:${line}: a worker would load ${target}: ${trailTo(path, from)}`);
      if (!isLocal || from.has(target)) continue;
      from.set(target, path);
      queue.push(target);
    }
  }
  return issues;
}

/** What the program loads before it knows the command. */
function startIssues(files) {
  const issues = [];
  const from = new Map([[PROGRAM, null]]);
  for (const path of from.keys()) {
    for (const { target, isLocal, isLate, isType, line } of files.get(path)?.imports ?? []) {
      if (isType || isLate || target.startsWith('node:')) continue;
      if (!isLocal && !START_PACKAGES.includes(target))
        issues.push(`${path}:${line}: every start would load ${target}: ${trailTo(path, from)}`);
      if (isLocal && !from.has(target)) from.set(target, path);
    }
  }
  return issues;
}

function isForCoordinator(target, isLocal) {
  if (isLocal) return target.endsWith('.schema.ts');
  return COORDINATOR_PACKAGES.some((name) => target === name || target.startsWith(`${name}/`));
}

function trailTo(path, from) {
  const trail = [];
  for (let at = path; at !== null; at = from.get(at)) trail.unshift(at);
  return trail.join(' → ');
}

function atomicsIssues({ path, code }) {
  if (path === ATOMICS_FILE) return [];
  return [...code.matchAll(/\bAtomics\b/g)].map(
    ({ index }) => `${path}:${lineOf(code, index)}: Atomics outside of ${ATOMICS_FILE}`,
  );
}

function mathIssues({ path, code }) {
  if (PRESENTATION.test(path)) return [];
  const uses = [...code.matchAll(/\bMath\b(?:\.(\w+))?/g)].filter(([, name]) => !EXACT_MATH.has(name));
  // A power of literals is computed by the compiler or is a power of two; any other is Math.pow.
  const powers = [...code.matchAll(/(\S+)\s*\*\*=?\s*(\S+)/g)].filter(
    ([, base, exponent]) => !/\d$/.test(base) || !/^-?\d/.test(exponent),
  );
  return [...uses, ...powers].map(
    ({ 0: use, index }) =>
      `${path}:${lineOf(code, index)}: ${use.trim()} may differ between engines: use the kernels' own mathematics`,
  );
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const issues = findImportIssues(root);
  for (const issue of issues) console.log(relative(process.cwd(), join(root, issue)));
  console.log(`${issues.length} warnings`);
  process.exitCode = issues.length === 0 ? 0 : 1;
}
