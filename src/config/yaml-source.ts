// YAML text → a config's values with line and column, and all that is wrong with the text. Coordinator only; pure.
import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  visit,
  type YAMLMap,
  type Scalar as YamlScalar,
} from 'yaml';
import type { ConfigIssue } from './config-error.ts';
import type { ConfigNode, Origin, Path, Scalar } from './config-node.ts';
import { checkNumber } from './number-text.ts';
import { shorten, showKey } from './shorten-text.ts';
import { readTokens } from './text-limits.ts';
import { TooManyValues, VALUE_LIMITS, ValueBudget } from './value-limits.ts';

/** What a text says; no root where it says nothing or is not YAML. */
export interface YamlSource {
  root: ConfigNode | undefined;
  issues: ConfigIssue[];
}

/** From a character's offset to where it stands. */
type Locate = (offset: number) => Origin;

/** Reads the text of a file; its name is told in errors. */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  return readDocument(text, lines, (offset) => {
    const { line, col } = lines.linePos(offset);
    return { kind: 'file', file, line: Math.max(line, 1), column: Math.max(col, 1) };
  });
}

/** Reads a value that has no lines of its own: an override. */
export function readYamlValue(text: string, origin: Origin): YamlSource {
  return readDocument(text, new LineCounter(), () => origin);
}

// `failsafe` kinds alone would leave numbers to us; YAML 1.2's core schema has them, and neither dates nor `yes`.
const OPTIONS = { version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const;

function readDocument(text: string, lineCounter: LineCounter, locate: Locate): YamlSource {
  try {
    const tokens = readTokens(text, lineCounter);
    if (tokens === undefined) throw new TooManyValues();
    const [document, second] = new Composer({ ...OPTIONS, lineCounter }).compose(tokens, true, text.length);
    if (second !== undefined) return { root: undefined, issues: [secondDocumentIssue(second, locate)] };
    const issues = syntaxIssues(document, locate);
    if (issues.length > 0) return { root: undefined, issues };
    return new NodeReader(document, locate).read();
  } catch (cause) {
    if (!(cause instanceof TooManyValues)) throw cause;
    const issue = {
      origin: locate(0),
      path: [],
      expected: VALUE_LIMITS,
      got: 'more',
      advice: 'write a smaller config',
    };
    return { root: undefined, issues: [issue] };
  }
}

function secondDocumentIssue({ range }: Document.Parsed, locate: Locate): ConfigIssue {
  const advice = 'remove the lines from --- on';
  return { origin: locate(range[0]), path: [], expected: 'one YAML document', got: 'several', advice };
}

function syntaxIssues({ errors, directives }: Document.Parsed, locate: Locate): ConfigIssue[] {
  const issues = errors.map(({ pos, message }) => ({
    origin: locate(pos[0]),
    path: [],
    expected: 'YAML',
    got: `what is not: ${shorten(message)}`,
    advice: 'correct it, or put text with : # [ { in quotes',
  }));
  const { version } = directives.yaml;
  if (version === '1.2') return issues;
  const advice = 'remove the %YAML line';
  return [...issues, { origin: locate(0), path: [], expected: 'YAML 1.2', got: `%YAML ${version}`, advice }];
}

/** Walks a document once, aliases written out. */
class NodeReader {
  readonly #document: Document.Parsed;
  readonly #locate: Locate;
  readonly #budget = new ValueBudget();
  readonly #issues: ConfigIssue[] = [];

  /** What each alias stands for. `alias.resolve` walks the document from its start: thousands of aliases took minutes. */
  readonly #targets: ReadonlyMap<Alias.Parsed, ParsedNode>;

  constructor(document: Document.Parsed, locate: Locate) {
    this.#document = document;
    this.#locate = locate;
    this.#targets = findTargets(document);
  }

  read(): YamlSource {
    const { contents } = this.#document;
    const isEmpty = contents === null || (isScalar(contents) && contents.value === null && contents.source === '');
    const root = isEmpty ? undefined : this.#node(contents, []);
    return { root, issues: this.#issues };
  }

  #node(node: ParsedNode | null, path: Path): ConfigNode {
    this.#budget.spend(path.length);
    const origin = this.#locate(node?.range[0] ?? 0);
    if (node === null) return { content: null, origin };
    if (isAlias(node)) return this.#alias(node, path, origin);
    if (node.tag !== undefined && !CORE_TAGS.test(node.tag))
      this.#refuse(origin, path, 'no tag', node.tag, 'remove the tag');
    if (isMap(node)) return { content: this.#entries(node as YAMLMap.Parsed, path), origin };
    if (isSeq(node))
      return { content: node.items.map((item, i) => this.#node(item as ParsedNode, [...path, i])), origin };
    return { content: this.#scalar(node, path, origin), origin };
  }

  #alias(alias: Alias.Parsed, path: Path, origin: Origin): ConfigNode {
    // The parser has refused aliases without an anchor before them.
    return { ...this.#node(this.#targets.get(alias) ?? null, path), origin };
  }

  #entries(map: YAMLMap.Parsed, path: Path): Map<string, ConfigNode> {
    const entries = new Map<string, ConfigNode>();
    for (const { key, value } of map.items) {
      const keyOrigin = this.#locate(key.range[0]);
      if (!isScalar(key)) {
        this.#refuse(
          keyOrigin,
          path,
          'keys that are words',
          isAlias(key) ? 'an alias' : 'a list or mapping',
          'write a word',
        );
        continue;
      }
      const name = String(key.source ?? key.value);
      const isSecond = entries.has(name);
      if (isSecond)
        this.#refuse(keyOrigin, [...path, name], 'each key once', `a second ${showKey(name)}`, 'keep one of them');
      const child = this.#node(value, [...path, name]);
      if (!isSecond) entries.set(name, { ...child, keyOrigin });
    }
    return entries;
  }

  #scalar({ value, source }: YamlScalar, path: Path, origin: Origin): Scalar {
    if (typeof value === 'number') {
      const { number, expected } = checkNumber(source ?? String(value), value);
      if (expected !== undefined) this.#refuse(origin, path, expected, source ?? String(value), 'correct the number');
      return number;
    }
    // Only tags, refused above, make values of other types.
    return value === null || typeof value === 'boolean' || typeof value === 'string' ? value : String(source);
  }

  #refuse(origin: Origin, path: Path, expected: string, got: string, advice: string): void {
    this.#issues.push({ origin, path, expected, got: shorten(got), advice });
  }
}

/** The last node with its anchor before each alias, in one walk in the order of the text. */
function findTargets(document: Document.Parsed): Map<Alias.Parsed, ParsedNode> {
  const anchors = new Map<string, ParsedNode>();
  const targets = new Map<Alias.Parsed, ParsedNode>();
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target !== undefined) targets.set(node as Alias.Parsed, target);
      } else if ('anchor' in node && node.anchor) anchors.set(node.anchor, node as ParsedNode);
    },
  });
  return targets;
}

const CORE_TAGS = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/;
