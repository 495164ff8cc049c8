// The paths of a config's data → absolute ones, where they may lead. Coordinator.
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { DATA_PATH_KEYS } from './data.schema.ts';
import { DataError } from './data-error.ts';

/**
 * Refuses relative paths that climb out of the config's folder and out of the working directory: a config that came from elsewhere should
 * not reach beside it unseen. An absolute path says plainly where it leads, and `allowOutside` that this is meant. What links lead to is
 * up to who made them.
 * @throws DataError
 */
export function checkDataPaths(
  options: { readonly allowOutside?: boolean },
  baseDir: string,
  workingDir = process.cwd(),
): void {
  if (options.allowOutside === true) return;
  const paths: Readonly<Record<string, unknown>> = { ...options };
  for (const key of DATA_PATH_KEYS) {
    const path = paths[key];
    if (typeof path !== 'string' || isAbsolute(path)) continue;
    const target = resolve(baseDir, path);
    if (isWithin(target, resolve(baseDir)) || isWithin(target, workingDir)) continue;
    throw new DataError(
      `data.${key}`,
      `a path in the config's folder (${resolve(baseDir)}) or the working directory`,
      `${path}, which is ${target}`,
      'write it as an absolute path, or set data.allowOutside: true',
    );
  }
}

/** Whether a path is a folder or lies below it; both absolute. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
