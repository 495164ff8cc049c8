// The names of the embedded datasets → their files and what is predicted from them; coordinator.

import { fileURLToPath } from 'node:url';

/** A table that lockstep comes with. Sources and licences: data/LICENSES.md. */
export interface EmbeddedTable {
  path: string;
  /** The column that is predicted where nothing else is said. */
  target: string;
}

// From dist/src/data/, in a clone as in an installed package.
const embeddedFile = (name: string) => fileURLToPath(new URL(`../../../data/${name}`, import.meta.url));

/** By the name of the source. */
export const EMBEDDED_TABLES = {
  breastCancer: { path: embeddedFile('breast-cancer.csv.gz'), target: 'diagnosis' },
  diabetes: { path: embeddedFile('diabetes.csv.gz'), target: 'progression' },
  iris: { path: embeddedFile('iris.csv.gz'), target: 'species' },
  penguins: { path: embeddedFile('penguins.csv.gz'), target: 'species' },
  wine: { path: embeddedFile('wine.csv.gz'), target: 'cultivar' },
} as const satisfies Record<string, EmbeddedTable>;

/** By the name of the source. */
export const EMBEDDED_TEXTS = {
  mobyDick: embeddedFile('moby-dick.txt.gz'),
  firstNames: embeddedFile('first-names.txt.gz'),
} as const;
