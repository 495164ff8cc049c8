// Findings about a config → one error that tells all of them, in the order of the file. Coordinator only; pure.
import { formatPath, type Origin, type Path } from './config-node.ts';
import { shorten } from './shorten-text.ts';

/** One thing that is wrong with a config. */
export interface ConfigIssue {
  origin: Origin;
  path: Path;
  expected: string;
  got: string;
  advice: string;
}

/** A config that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly exitCode = 2;
  /** A line each: `configs/a.yaml:6:9 optimizer.beta2: expected a number in [0, 1), got 1.2; correct the value`. */
  readonly issues: readonly string[];

  constructor(issues: readonly string[], options?: ErrorOptions) {
    super(issues.join('\n'), options);
    this.issues = issues;
  }
}

/** @throws ConfigError where there are issues: of the file from its first line to its last, then of the overrides. */
export function throwIssues(issues: readonly ConfigIssue[]): void {
  if (issues.length === 0) return;
  const sorted = [...issues].sort(
    (a, b) => rank(a.origin) - rank(b.origin) || rankInLine(a.origin) - rankInLine(b.origin),
  );
  throw new ConfigError([...new Set(sorted.map(formatIssue))]);
}

function formatIssue({ origin, path, expected, got, advice }: ConfigIssue): string {
  return `${formatWhere(origin, formatPath(path))}: expected ${expected}, got ${got}; ${advice}`;
}

function formatWhere(origin: Origin, path: string): string {
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column} ${path}`.trimEnd();
    case 'override': {
      const override = `override ${shorten(origin.text)}`;
      return path === origin.key || path === '' ? override : `${override} ${path}`;
    }
    case 'object':
      return path === '' ? 'config' : path;
  }
}

/** Lines of the file, then overrides. */
function rank(origin: Origin): number {
  return origin.kind === 'file' ? origin.line : Number.MAX_SAFE_INTEGER;
}

function rankInLine(origin: Origin): number {
  if (origin.kind === 'file') return origin.column;
  return origin.kind === 'override' ? origin.index : 0;
}
