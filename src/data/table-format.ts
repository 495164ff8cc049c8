// The first bytes of a file of rows → its format. Pure; coordinator.

/** What tables are read from. */
export type TableFormat = 'Parquet' | 'Arrow' | 'JSON lines' | 'CSV';

/**
 * What the bytes are, whatever the file is called; CSV is what is nothing else.
 * @see https://parquet.apache.org/docs/file-format/, https://arrow.apache.org/docs/format/Columnar.html: files, and streams of messages
 */
export function tableFormat(start: Buffer): TableFormat {
  if (start.toString('latin1', 0, 4) === 'PAR1') return 'Parquet';
  const isArrow = start.toString('latin1', 0, 6) === 'ARROW1' || start.toString('latin1', 0, 4) === '\xff\xff\xff\xff';
  if (isArrow) return 'Arrow';
  return /^\ufeff?\s*\{/.test(start.toString('utf8', 0, MOST_START)) ? 'JSON lines' : 'CSV';
}

/** Blank lines may stand in front of an object. */
const MOST_START = 1 << 20;
