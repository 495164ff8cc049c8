// A key that no schema has → what was probably meant: a spelling, another place, another option. Coordinator only; pure.
import type { ConfigIssue } from './config-error.ts';
import { type ConfigNode, nearestNode, type Path } from './config-node.ts';
import { allKeyPaths, type KnownMapping, mappingsAt } from './known-keys.ts';
import { nearestKey } from './nearest-key.ts';
import { showKey } from './shorten-text.ts';

/** The issue of an unknown key in the mapping at `outer`. */
export function describeUnknownKey(root: ConfigNode, outer: Path, key: string): ConfigIssue {
  const path = [...outer, key];
  const { origin, keyOrigin = origin } = nearestNode(root, path);
  return { origin: keyOrigin, path, expected: 'a known key', got: showKey(key), advice: advise(root, outer, key) };
}

/** First where the very key is known, then where a similar one is. */
function advise(root: ConfigNode, outer: Path, key: string): string {
  const { chosen, all } = mappingsAt(root, outer);
  const owners = all.filter(({ keys }) => keys.includes(key));
  if (owners.length > 0) return adviseOwners(key, owners, chosen);
  const known = chosen?.keys ?? [];
  // Who misspells a key of a training does not mean one of a test's faults.
  const paths = allKeyPaths().filter((path) => !path.startsWith('faults.'));
  if (paths.includes(key)) return `write it nested, as in ${nest(key.split('.'))}`;
  // `batch_size` is near `size` too, and nearest to `batchSize`.
  const nearest = nearestKey(key, paths.map(lastKey));
  const similar =
    elsewhere(paths, (name) => name === key) ?? nearestKey(key, known) ?? elsewhere(paths, (name) => name === nearest);
  return similar === undefined ? `remove it, or use one of ${known.join(', ')}` : `did you mean ${similar}?`;
}

/** It is known where another source, optimizer or layer is chosen. */
function adviseOwners(key: string, owners: readonly KnownMapping[], chosen: KnownMapping | undefined): string {
  const names = owners.flatMap((owner) => owner.names);
  if (names.includes(key)) return 'give that layer an item of its own';
  return `remove it: it belongs to ${names.join(', ')}, not to ${chosen?.names[0]}`;
}

/** The outermost path whose last key fits, if there is only one: `name` is known in several places. */
function elsewhere(paths: readonly string[], fits: (name: string) => unknown): string | undefined {
  const found = paths.filter((path) => fits(lastKey(path)));
  const levels = (path: string): number => path.split('.').length;
  const fewest = Math.min(...found.map(levels));
  const outermost = found.filter((path) => levels(path) === fewest);
  return outermost.length === 1 ? outermost[0] : undefined;
}

const lastKey = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** `data: { batchSize: … }`. */
function nest([first, ...rest]: readonly string[]): string {
  return rest.length === 0 ? `${first}: …` : `${first}: { ${nest(rest)} }`;
}
