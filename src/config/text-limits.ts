// YAML text → its tokens, or none where they are more or deeper than any config's: before the parser makes anything of them. Coordinator
// only; pure.
import { CST, Lexer, type LineCounter, Parser } from 'yaml';
import { MOST_DEPTH, MOST_VALUES } from './value-limits.ts';

/**
 * A value with its key on a line of their own is six tokens. The parser takes 4 to 40 µs for each, most for those that are wrong: a text of
 * 1 MiB took up to 39 s to be refused.
 */
const MOST_TOKENS = 6 * MOST_VALUES;
/** Each value has one key at most. */
const MOST_WORDS = 2 * MOST_VALUES;
/** Brackets that are closed before they were opened. */
const MOST_WRONG_ENDS = 32;
/** Levels of tokens: a level of values is one, the document another. */
const MOST_LEVELS = MOST_DEPTH + 2;

/**
 * What the parser composes a document of; undefined where it is too much. The parser goes down into its levels, and where the stack ends
 * inside of a regular expression the whole process ends: it must never see too many of them.
 */
export function readTokens(text: string, lineCounter: LineCounter): CST.Token[] | undefined {
  if (isTooLong(text)) return undefined;
  const tokens = [...new Parser(lineCounter.addNewLine).parse(text)];
  return isTooDeep(tokens) ? undefined : tokens;
}

/** It reads no further than that takes. */
function isTooLong(text: string): boolean {
  let tokens = 0;
  let words = 0;
  let brackets = 0;
  let isContent = false;
  for (const lexeme of new Lexer().lex(text)) {
    // A mark says that the next one is text, whatever it looks like.
    const type: CST.TokenType | null = isContent ? null : CST.tokenType(lexeme);
    isContent = type === 'scalar';
    if (type === 'scalar' || type === 'alias' || type?.endsWith('quoted-scalar')) words++;
    else if (type === 'flow-seq-start' || type === 'flow-map-start') brackets++;
    else if (type === 'flow-seq-end' || type === 'flow-map-end') brackets--;
    if (++tokens > MOST_TOKENS || words > MOST_WORDS) return true;
    if (brackets > MOST_DEPTH || brackets < -MOST_WRONG_ENDS) return true;
  }
  return false;
}

/** Level by level, as going down is what must not be done. */
function isTooDeep(tokens: readonly CST.Token[]): boolean {
  let level = tokens;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap(insideOf);
  }
  return false;
}

function insideOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!CST.isCollection(token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((one) => one !== null && one !== undefined));
}
