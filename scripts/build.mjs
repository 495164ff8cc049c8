// Builds dist/: the two kernel modules (plain SIMD; SIMD + relaxed), the TypeScript file by file, and the program in few files.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

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
await bundle();
chmodSync(join(root, 'dist/bundle/cli/main.js'), 0o755);

/**
 * The program, the package's entry and the threads' entries, with what they share in chunks: a start loads some 400 modules of ours, and takes a fifth
 * less time from few files (bench/start.mjs). Chunks lie as deep as the modules of dist/src: both find workers/, data/ and package.json.
 */
async function bundle() {
  const workers = readdirSync(join(root, 'workers')).map((name) => `workers/${basename(name, '.ts')}`);
  const entries = [
    ['bundle/cli/main', 'src/cli/main.ts'],
    ['bundle/lib/index', 'src/index.ts'],
  ];
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([...entries, ...workers.map((worker) => [worker, `${worker}.ts`])]),
    outdir: 'dist',
    chunkNames: 'bundle/chunk/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    metafile: true,
    logLevel: 'warning',
  });
  // Their addresses of other files hold as deep as dist/src/X/ lies.
  for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
    if (!output.startsWith('dist/workers/')) continue;
    const modules = Object.keys(inputs).filter((input) => input.startsWith('src/'));
    const lost = modules.filter((input) => /\bimport\.meta\.url\b/.test(readFileSync(join(root, input), 'utf8')));
    if (lost.length > 0) throw new Error(`${output}: expected no import.meta.url in it, got one in ${lost.join(', ')}`);
  }
  const chunks = join(root, 'dist/bundle/chunk');
  for (const name of readdirSync(chunks)) {
    if (!(`dist/bundle/chunk/${name}` in metafile.outputs)) rmSync(join(chunks, name));
  }
}
