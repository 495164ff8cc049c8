// Models in files of their own, through the built program: what is shown, what is stored, what is refused and where.
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runLockstep } from './program.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-model-')));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const config = (model: string) =>
  `data: { source: synthetic, samples: 60, features: 5, classes: 3, batchSize: 20 }\nnumerics: portable\nmodel: ${model}\nloss: crossEntropy\nepochs: 1\n`;
write('c.yaml', config('./m.js'));

const MODEL = `export default function (x, nn) {
  const h = nn.dense(x, 8, { activation: 'relu', name: 'hidden' });
  const gate = nn.parameter('gate', [8, 8], { name: 'orthogonal', gain: 0.5 });
  return nn.dense(h.matmul(gate).add(h).mul(0.5), 3);
}
`;

describe('a model in a file of its own', () => {
  it('compiles, with the names of its layers and parameters', async () => {
    write('m.js', MODEL);
    const { code, stdout, stderr } = await runLockstep(['plan', 'c.yaml', '--json'], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { layers, parameters } = JSON.parse(stdout);
    expect(parameters.map(({ name }: { name: string }) => name)).toEqual([
      'hidden.weight',
      'hidden.bias',
      'model.gate',
      'dense2.weight',
      'dense2.bias',
    ]);
    expect(layers.map(({ parameters: count }: { parameters: number }) => count)).toEqual([48, 64, 27]);
  });

  it('trains, is shown with its absolute path, and is stored with it', async () => {
    write('m.js', MODEL);
    const { code, stdout, stderr } = await runLockstep(['train', 'c.yaml'], folder);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`model from ${join(folder, 'm.js')}, which was run`);
    expect(readFileSync(join(folder, 'runs/latest/config.yaml'), 'utf8')).toContain(`model: ${join(folder, 'm.js')}\n`);
  });

  it('gives the same bits with any number of workers', async () => {
    write('m.js', MODEL);
    const { code, stdout } = await runLockstep(['verify', 'c.yaml', '--steps', '3', '--workers', '1,2,3'], folder);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'same bits: 1, 2 and 3 workers; 2 workers killed in mid-step; process of 2 workers killed in step 1, resumed; after 3 steps',
    );
  });

  it('changes both hashes with its text, and neither with its place', async () => {
    const hashesOf = async (model: string) => {
      write('h.yaml', config(model));
      const { stdout } = await runLockstep(['train', 'h.yaml', '--dry-run', '--json'], folder);
      const { configSha256, planSha256 } = JSON.parse(stdout.split('\n')[0]);
      return [configSha256, planSha256];
    };
    write('m.js', MODEL);
    write('same.mjs', MODEL);
    write('other.js', MODEL.replace('relu', 'tanh'));
    const hashes = await hashesOf('./m.js');
    expect(await hashesOf(join(folder, 'same.mjs'))).toEqual(hashes);
    const [otherConfig, otherPlan] = await hashesOf('./other.js');
    expect(otherConfig).not.toBe(hashes[0]);
    expect(otherPlan).not.toBe(hashes[1]);
  });

  it.each<[string, string, string]>([
    [
      'returns nothing',
      'export default function (x, nn) { nn.dense(x, 3); }',
      'm.js: expected the model to return its output tensor, got undefined; add a return\n',
    ],
    [
      'is asynchronous',
      'export default async function (x, nn) { return nn.dense(x, 3); }',
      'm.js: expected a plain function as its default export, got an async function; remove async or *: a model is traced, so that it has nothing to wait for\n',
    ],
    [
      'is a class',
      'export default class Model {}',
      'm.js: expected a plain function as its default export, got a class; write export default function (x, nn) { … }\n',
    ],
    [
      'returns a promise',
      'export default (x, nn) => Promise.reject(new Error());',
      'm.js: expected the model to return its output tensor, got a promise; remove async: a model is traced, so that it has nothing to wait for\n',
    ],
    [
      'has no default export',
      'export function model(x, nn) { return nn.dense(x, 3); }',
      'm.js: expected a default export that is a function, got none; write export default function (x, nn) { … }\n',
    ],
    [
      'throws',
      'function block(x) {\n  return x.foo();\n}\nexport default function model(x, nn) {\n  return block(x);\n}\n',
      "m.js:2:12: expected the model's function to return, got TypeError: x.foo is not a function; correct it there\n    at block (m.js:2:12)\n    at model (m.js:5:10)\n",
    ],
    [
      'misspells an option',
      "export default function model(x, nn) {\n  return nn.dense(x, 3, { activaton: 'relu' });\n}\n",
      'm.js:2:13 nn.dense: expected known options, got activaton; remove or correct them\n    at model (m.js:2:13)\n',
    ],
    [
      'multiplies shapes that do not fit',
      "export default function model(x, nn) {\n  return x.matmul(nn.parameter('w', [4, 3]));\n}\n",
      'm.js:2:12 model: expected factors of shapes (…,k) and (k,n), got (-1,5) and (4,3); reshape one of them\n    at model (m.js:2:12)\n',
    ],
    [
      'sums over the samples',
      'export default function model(x, nn) {\n  return nn.dense(x.sum(0), 3);\n}\n',
      'm.js:2:21 model: expected an axis of one sample of (-1,5), got 0, that of the samples; name axes from 1 on\n    at model (m.js:2:21)\n',
    ],
    [
      'has a fault deep inside a layer of layers',
      'export default function model(x, nn) {\n  return nn.sequential(x, [{ residual: [{ dense: 4 }] }]);\n}\n',
      'm.js:2:13 sequential1.residual1: expected layers that give the shape of what is added to them, (-1,5), got (-1,4); add a shortcut with layers that give it too\n    at model (m.js:2:13)\n',
    ],
    [
      'loses a layer on the way',
      "export default function model(x, nn) {\n  nn.dense(x, 4, { name: 'lost' });\n  return nn.dense(x, 3);\n}\n",
      "lost: expected every parameter to reach the loss, got lost.weight, which does not; use the layer's output or remove the layer\n",
    ],
    [
      'loses a layer inside a layer',
      "export default function model(x, nn) {\n  nn.sequential(x, [{ dense: 4 }], { name: 'lost' });\n  return nn.dense(x, 3);\n}\n",
      "lost.dense1: expected every parameter to reach the loss, got lost.dense1.weight, which does not; use the layer's output or remove the layer\n",
    ],
    [
      'has no parameters',
      'export default function model(x, nn) {\n  return x;\n}\n',
      'model: expected at least one layer with parameters, got no layers; add a dense layer\n',
    ],
    [
      'imports what another module has not',
      "import { nothing } from 'node:path';\nexport default function model(x, nn) {\n  return nn.dense(x, 3);\n}\n",
      "m.js: expected a module that can be imported, got SyntaxError: The requested module 'node:path' does not provide an export named 'nothing'; correct it there\n",
    ],
    [
      'is no JavaScript',
      'export default function model(x, nn) {\n  return nn.dense(x 3);\n}\n',
      'm.js:2: expected a module that can be imported, got SyntaxError: missing ) after argument list; correct it there\n',
    ],
  ])('that %s is refused in one message that says where', async (_title, text, message) => {
    write('m.js', text);
    const { code, stdout, stderr } = await runLockstep(['plan', 'c.yaml'], folder);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `error: ${message}` });
  });

  it('that is not there is refused', async () => {
    write('none.yaml', config('./none.js'));
    const { code, stderr } = await runLockstep(['plan', 'none.yaml'], folder);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "error: model: expected a module at none.js, got no such file; paths start at the config's folder\n",
    });
  });
});
