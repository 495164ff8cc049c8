// A value of a config → how an error shows it. Coordinator only; pure.

import type { ConfigNode } from './config-node.ts';
import { shorten, showKey } from './shorten-text.ts';

/** As YAML's flow style would write it, on one line and not longer than that; `nothing` where there is no value. */
export function showNode(node: ConfigNode | undefined): string {
  return node === undefined ? 'nothing' : shorten(show(node));
}

function show({ content }: ConfigNode): string {
  if (content instanceof Map) {
    const entries = [...content].map(([key, child]) => `${showKey(key)}: ${show(child)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  if (Array.isArray(content)) return `[${content.map(show).join(', ')}]`;
  if (typeof content === 'string') return JSON.stringify(content);
  return String(content);
}
