// A resolved config → YAML with a value a line, and a comment that says where each came from. Coordinator only; pure.
import { stringify } from 'yaml';
import { formatPath, type Path } from './config-node.ts';
import type { TrainConfig } from './config-schema.ts';
import { type ConfigSources, isLeaf } from './config-sources.ts';

/** A line before its comment is put beside it. */
interface Line {
  text: string;
  comment?: string;
}

// Comments of lines wider than that stand where those end.
const WIDEST_COLUMN = 48;

/** YAML that `loadConfig` reads as the same config; without sources it has no comments. */
export function formatConfig({ config, sources }: { config: TrainConfig; sources?: ConfigSources }): string {
  const lines = formatEntries(config, [], '', sources ?? new Map());
  const widths = lines.map(({ text }) => text.length).filter((width) => width <= WIDEST_COLUMN);
  const column = Math.max(0, ...widths) + 1;
  const formatted = lines.map(({ text, comment }) =>
    comment === undefined ? text : `${text.padEnd(column - 1)} # ${comment}`,
  );
  return `${formatted.join('\n')}\n`;
}

function formatEntries(mapping: object, path: Path, indent: string, sources: ConfigSources): Line[] {
  return Object.entries(mapping).flatMap(([key, value]) => {
    const inner = [...path, key];
    const head = `${indent}${key}:`;
    if (isLeaf(value)) return [formatLeaf(`${head} `, value, inner, sources)];
    if (Array.isArray(value)) return [{ text: head }, ...formatItems(value, inner, `${indent}  `, sources)];
    return [{ text: head }, ...formatEntries(value, inner, `${indent}  `, sources)];
  });
}

/** The first key of an item's mapping stands behind the dash. */
function formatItems(list: readonly object[], path: Path, indent: string, sources: ConfigSources): Line[] {
  return list.flatMap((item, index) => {
    const [first, ...rest] = formatEntries(item, [...path, index], `${indent}  `, sources);
    return [{ ...first, text: `${indent}- ${first.text.trimStart()}` }, ...rest];
  });
}

function formatLeaf(head: string, value: unknown, path: Path, sources: ConfigSources): Line {
  const options = { lineWidth: 0, blockQuote: false, collectionStyle: 'flow', flowCollectionPadding: false } as const;
  // Only the line end: `trimEnd` would take blanks of Unicode at the end of a text as well.
  const text = stringify(value, options).replace(/\n$/, '');
  return { text: head + text, comment: sources.get(formatPath(path)) };
}
