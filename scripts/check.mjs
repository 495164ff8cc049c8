// The tree → each finding of types, lint, format and import direction on a line, then `N warnings`; exit 1 unless it is `0 warnings`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findImportIssues } from './check-imports.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(packageBin, args) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 };
  const result = spawnSync(process.execPath, [join(root, 'node_modules', packageBin), ...args], options);
  if (result.error !== undefined) throw result.error;
  return result;
}

/** Lines `file(line,column): error TS…: …`. A failure without such a line is a finding too. */
function findTypeIssues(args) {
  const { status, stdout, stderr } = run('typescript/bin/tsc', [...args, '--pretty', 'false']);
  const issues = (stdout + stderr).split('\n').filter((line) => /error TS\d+/.test(line));
  return status === 0 || issues.length > 0 ? issues : [`tsc ${args.join(' ')}: exit ${status}: ${stdout}${stderr}`];
}

/** Format, lint and the order of imports; what Biome calls information counts as well. */
function findBiomeIssues() {
  const { stdout, stderr } = run('@biomejs/biome/bin/biome', [
    'ci',
    '--max-diagnostics=none',
    '--reporter=json',
    '--colors=off',
  ]);
  try {
    const { diagnostics } = JSON.parse(stdout);
    return diagnostics.map(({ category, message, location }) => {
      const { line, column } = location?.start ?? { line: 0, column: 0 };
      return `${location?.path ?? 'biome'}:${line}:${column}: ${category}: ${message}`;
    });
  } catch {
    return [`biome ci: expected a JSON report, got: ${stdout}${stderr}`];
  }
}

const findings = [
  ...findTypeIssues(['-p', 'tsconfig.json', '--noEmit']),
  // TypeScript finds the sources of `#src/…` itself: nothing has to be built.
  ...findTypeIssues(['-p', 'test/tsconfig.json']),
  ...findBiomeIssues(),
  ...findImportIssues(root),
];
// The tests' types pull the sources in: the same finding may come twice.
const issues = [...new Set(findings)];
for (const issue of issues) console.log(issue);
console.log(`${issues.length} warnings`);
process.exitCode = issues.length === 0 ? 0 : 1;
