// A loaded config → the YAML that --print-config prints, each value with where it came from. Pure; what it prints is a config again.
import { Document, isScalar, type Node, type Pair, visit } from 'yaml';

/** What --print-config needs of a loaded config: its values, and by path (`model.0.dense`) where each was said. */
export interface ConfigOrigins {
  config: object;
  /** A path that is not there has its default. */
  sources: ReadonlyMap<string, string>;
}

const WITHOUT_SOURCE = 'default';
const LINE_WIDTH = 100;

/** The resolved config, each value with a comment: `epochs: 3 # override epochs=3`. */
export function presentConfig({ config, sources }: ConfigOrigins): string {
  const document = new Document(config, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key') return;
      const path = pathOf([...ancestors, node] as PathNode[]);
      node.comment = ` ${sourceOf(path, sources)}`;
    },
  });
  return document.toString({ lineWidth: LINE_WIDTH });
}

type PathNode = Node | Pair | Document;

/** Keys and indices on the way to the last of these nodes, each of which holds the next. */
function pathOf(nodes: readonly PathNode[]): string[] {
  return nodes.flatMap((node, i) => {
    if ('key' in node && isScalar(node.key)) return [String(node.key.value)];
    const next = nodes[i + 1];
    const isList = next !== undefined && 'items' in node && !('key' in next);
    return isList ? [String((node.items as unknown[]).indexOf(next))] : [];
  });
}

/** Where the value was said, or the innermost mapping or list around it that was said as a whole. */
function sourceOf(path: readonly string[], sources: ReadonlyMap<string, string>): string {
  return sources.get(path.join('.')) ?? WITHOUT_SOURCE;
}
