// Unpacked packages → the files of data/: `node scripts/embed-datasets.mjs <folder>`; data/LICENSES.md says which packages, and checks them.
//
// The folder holds `sklearn` (dpkg -x of Debian's python3-sklearn), and `vega-datasets`, `moby-dick`, `female-first-names-en`,
// `male-first-names-en` (each an unpacked npm tarball). The gzip has no name and no time: the same bytes on every day.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

const [from] = process.argv.slice(2);
if (from === undefined) throw new Error('embed-datasets: expected the folder of the unpacked packages');
const sklearn = join(from, 'sklearn/usr/lib/python3/dist-packages/sklearn/datasets/data');
const to = fileURLToPath(new URL('../data/', import.meta.url));

const lines = (bytes) => bytes.toString('utf8').trimEnd().split(/\r?\n/);
const csvLines = (name) => lines(readFileSync(join(sklearn, name)));
const packed = (name) => lines(gunzipSync(readFileSync(join(sklearn, name))));

function write(name, text) {
  const bytes = gzipSync(Buffer.from(text), { level: 9 });
  // The tenth byte is the operating system that packed it.
  bytes[9] = 255;
  writeFileSync(join(to, name), bytes);
  console.log(`${createHash('sha256').update(bytes).digest('hex')}  ${name}  ${bytes.length} bytes`);
}

/** scikit-learn's first line is the number of rows, of columns, and the names of the classes. */
function writeClasses(name, file, columns, target) {
  const [head, ...rows] = csvLines(file);
  const classes = head.split(',').slice(2);
  const named = rows.map((row) => {
    const cells = row.split(',');
    return [...cells.slice(0, -1), classes[Number(cells.at(-1))]].join(',');
  });
  write(name, `${[[...columns, target].join(','), ...named].join('\n')}\n`);
}

const MEASURES =
  'radius texture perimeter area smoothness compactness concavity concave_points symmetry fractal_dimension'.split(' ');
const tumour = ['mean', 'error', 'worst'].flatMap((kind) => MEASURES.map((measure) => `${kind}_${measure}`));
writeClasses('breast-cancer.csv.gz', 'breast_cancer.csv', tumour, 'diagnosis');
writeClasses('iris.csv.gz', 'iris.csv', ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'], 'species');
const wine =
  'alcohol malic_acid ash alcalinity_of_ash magnesium total_phenols flavanoids nonflavanoid_phenols proanthocyanins color_intensity hue od280_od315 proline';
writeClasses('wine.csv.gz', 'wine_data.csv', wine.split(' '), 'cultivar');

const progressions = packed('diabetes_target.csv.gz').map(Number);
const patients = packed('diabetes_data_raw.csv.gz').map((row, i) =>
  [...row.trim().split(/\s+/), progressions[i]].join(','),
);
write('diabetes.csv.gz', `age,sex,bmi,bp,s1,s2,s3,s4,s5,s6,progression\n${patients.join('\n')}\n`);

const penguins = JSON.parse(readFileSync(join(from, 'vega-datasets/package/data/penguins.json'), 'utf8'));
const names = {
  Species: 'species',
  Island: 'island',
  'Beak Length (mm)': 'beak_length_mm',
  'Beak Depth (mm)': 'beak_depth_mm',
};
Object.assign(names, { 'Flipper Length (mm)': 'flipper_length_mm', 'Body Mass (g)': 'body_mass_g', Sex: 'sex' });
// One bird's sex was written as a point where it was not known.
const cell = (value) => (value === null || value === '.' ? '' : value);
const rows = penguins.map((penguin) =>
  Object.keys(names)
    .map((key) => cell(penguin[key]))
    .join(','),
);
write('penguins.csv.gz', `${[Object.values(names).join(','), ...rows].join('\n')}\n`);

write('moby-dick.txt.gz', readFileSync(join(from, 'moby-dick/package/data/data.txt'), 'utf8'));
const first = ['female', 'male'].flatMap((kind) =>
  lines(readFileSync(join(from, `${kind}-first-names-en/package/data/names.txt`))),
);
write('first-names.txt.gz', `${[...new Set(first)].sort().join('\n')}\n`);
