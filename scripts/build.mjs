// Builds dist/: the two kernel modules (plain SIMD; SIMD + relaxed), then the TypeScript, then the executable bit.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const assembly = join(root, 'src/kernels/assembly');
const out = join(root, 'dist/src/kernels');

function run(packageBin, args) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', packageBin), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** The newest change among the files that decide a kernel module, this script and the compiler's version included. */
function newestSourceMs() {
  const files = readdirSync(assembly).map((name) => join(assembly, name));
  files.push(fileURLToPath(import.meta.url), join(root, 'package-lock.json'));
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

mkdirSync(out, { recursive: true });
for (const target of ['simd', 'relaxed']) {
  const wasm = join(out, `lockstep-${target}.wasm`);
  if (existsSync(wasm) && statSync(wasm).mtimeMs > newestSourceMs()) continue;
  run('assemblyscript/bin/asc.js', ['--config', 'src/kernels/assembly/asconfig.json', '--target', target]);
}
run('typescript/bin/tsc', ['-p', 'tsconfig.json']);
chmodSync(join(root, 'dist/src/cli/main.js'), 0o755);
