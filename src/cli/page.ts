// A stream and the environment's variables → how text for it is set: how wide, with colour or not, live or in plain lines. Pure.
import pc from 'picocolors';

/** picocolors' functions, switched on or off as a whole. */
export type Colors = ReturnType<typeof pc.createColors>;

/** How the present functions set their text. */
export interface Page {
  /** The most characters of a line; Infinity where nobody's window wraps. */
  readonly columns: number;
  readonly colors: Colors;
}

/** What a page depends on of an output stream. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Variables = Readonly<Record<string, string | undefined>>;

// A terminal that does not know its own width says 0.
const DEFAULT_COLUMNS = 80;

/** A page without colours, as wide as it needs: what a file or a pipe gets. */
export const PLAIN_PAGE: Page = { columns: Number.POSITIVE_INFINITY, colors: pc.createColors(false) };

/** The page of a stream. */
export function pageOf(stream: OutputStream, variables: Variables): Page {
  const columns = stream.isTTY ? stream.columns || DEFAULT_COLUMNS : Number.POSITIVE_INFINITY;
  return { columns, colors: pc.createColors(isColored(stream, variables)) };
}

/**
 * NO_COLOR goes before FORCE_COLOR, and both before what the stream is. Without either, colour is for terminals that nobody automated:
 * a log of a CI service is read later, without a terminal, so CI=true means plain text.
 * @see https://no-color.org and https://force-color.org
 */
export function isColored(stream: OutputStream, variables: Variables): boolean {
  if (variables.NO_COLOR) return false;
  if (variables.FORCE_COLOR !== undefined) return isOn(variables.FORCE_COLOR) || variables.FORCE_COLOR === '';
  return isLive(stream, variables);
}

/** Whether a bar that redraws itself makes sense there: a terminal, neither a CI service's nor one without escapes. */
export function isLive(stream: OutputStream, variables: Variables): boolean {
  return stream.isTTY === true && !isOn(variables.CI) && variables.TERM !== 'dumb';
}

function isOn(variable: string | undefined): boolean {
  return variable !== undefined && !['', '0', 'false'].includes(variable.toLowerCase());
}
