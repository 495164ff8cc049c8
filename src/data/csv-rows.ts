// The bytes of a CSV file → its rows, one after the other, as places in those bytes; coordinator.

import { quoteCell } from './cell.ts';
import { DataError } from './data-error.ts';
import { parseDecimal } from './decimal-bytes.ts';
import type { RowCursor } from './table-row.ts';
import { checkUtf8 } from './utf8.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const QUOTE_ADVICE = 'correct the quotes, or check data.delimiter';

/**
 * Reads rows from bytes that stay where they are: a cell is a start and an end, and becomes a number without ever being text.
 * Lines may end with LF, CR LF or CR, also mixed; empty lines are skipped, blanks around cells and quotes dropped. A cell may stand in
 * quotes, two of which are one inside of it; such a cell may go over lines, and its row has the number of its first one.
 *
 * @throws DataError with file and line for bytes that are no UTF-8, and for quotes that stand or are missing where they may not
 */
export class CsvRows implements RowCursor {
  line = 0;
  cellCount = 0;
  readonly #path: string;
  readonly #bytes: Buffer;
  readonly #delimiter: Uint8Array;
  readonly #firstLine: number;
  #starts = new Uint32Array(64);
  #ends = new Uint32Array(64);
  /** Whether two quotes in the cell stand for one. */
  #isEscaped = new Uint8Array(64);
  #at = 0;
  #nextLine = 1;

  /** @param firstLine the number of the line that `bytes` begin with */
  constructor(path: string, bytes: Buffer, delimiter: string, firstLine = 1) {
    this.#path = path;
    this.#bytes = bytes;
    this.#delimiter = Buffer.from(delimiter, 'utf8');
    this.#firstLine = firstLine;
    checkUtf8(path, bytes, firstLine);
    this.rewind();
  }

  /** Stands in front of the first row again. */
  rewind(): void {
    this.#nextLine = this.#firstLine;
    const hasMark = this.#firstLine === 1 && BYTE_ORDER_MARK.every((byte, i) => this.#bytes[i] === byte);
    this.#at = hasMark ? BYTE_ORDER_MARK.length : 0;
  }

  /** The number of the line behind the row. */
  get nextLine(): number {
    return this.#nextLine;
  }

  /** Goes to the next row that is no empty line; false behind the last one. */
  next(): boolean {
    while (this.#at < this.#bytes.length) {
      this.line = this.#nextLine;
      this.#readRow();
      const isEmptyLine = this.cellCount === 1 && this.#starts[0] === this.#ends[0] && this.#isEscaped[0] === 0;
      if (!isEmptyLine) return true;
    }
    return false;
  }

  readNumber(column: number, out: Float64Array, at: number): void {
    parseDecimal(this.#bytes, this.#starts[column], this.#ends[column], out, at);
  }

  textAt(column: number): string {
    const [start, end] = [this.#starts[column], this.#ends[column]];
    // Most missing cells are empty, and a call into Buffer costs more than all the rest.
    if (start === end) return '';
    const text = this.#bytes.toString('utf8', start, end);
    return this.#isEscaped[column] === 0 ? text : text.replaceAll('""', '"');
  }

  /** All cells, for the first row. */
  texts(): string[] {
    return Array.from({ length: this.cellCount }, (_, column) => this.textAt(column));
  }

  /** Longer than others, as it is the one loop that every byte goes through. */
  #readRow(): void {
    const bytes = this.#bytes;
    const first = this.#delimiter[0];
    const isLong = this.#delimiter.length > 1;
    let at = this.#at;
    let column = 0;
    for (;;) {
      if (column === this.#starts.length) this.#grow();
      while (isBlank(bytes[at]) && bytes[at] !== first) at++;
      if (bytes[at] === QUOTE) {
        at = this.#readQuoted(at, column);
      } else {
        const start = at;
        let byte = bytes[at];
        // Behind the last byte `byte` is undefined, which is none of these.
        while (
          byte !== LINE_FEED &&
          byte !== CARRIAGE_RETURN &&
          at < bytes.length &&
          (byte !== first || (isLong && !this.#isDelimiter(at)))
        ) {
          if (byte === QUOTE) this.#refuseQuote(start, at);
          byte = bytes[++at];
        }
        let end = at;
        while (end > start && isBlank(bytes[end - 1])) end--;
        this.#starts[column] = start;
        this.#ends[column] = end;
        this.#isEscaped[column] = 0;
      }
      column++;
      if (at < bytes.length && bytes[at] === first && (!isLong || this.#isDelimiter(at))) {
        at += this.#delimiter.length;
        continue;
      }
      break;
    }
    if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) at++;
    this.#at = at + 1;
    this.#nextLine++;
    this.cellCount = column;
  }

  /** Reads a cell from its opening quote on; returns where the delimiter or line end behind it is. */
  #readQuoted(open: number, column: number): number {
    const bytes = this.#bytes;
    let at = open + 1;
    let isEscaped = 0;
    for (; ; at++) {
      if (at >= bytes.length) this.#refuse('a closing quote', 'the end of the file', this.line);
      if (bytes[at] === LINE_FEED || (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] !== LINE_FEED)) this.#nextLine++;
      if (bytes[at] !== QUOTE) continue;
      if (bytes[at + 1] !== QUOTE) break;
      isEscaped = 1;
      at++;
    }
    this.#starts[column] = open + 1;
    this.#ends[column] = at;
    this.#isEscaped[column] = isEscaped;
    at++;
    while (isBlank(bytes[at]) && bytes[at] !== this.#delimiter[0]) at++;
    const isEnd = at >= bytes.length || bytes[at] === LINE_FEED || bytes[at] === CARRIAGE_RETURN;
    if (isEnd || this.#isDelimiter(at)) return at;
    const got = quoteCell(bytes.toString('utf8', at, Math.min(bytes.length, at + 8)).split('\n')[0]);
    return this.#refuse('a delimiter or the line end behind a closing quote', got, this.#nextLine);
  }

  #isDelimiter(at: number): boolean {
    return this.#delimiter.every((byte, i) => this.#bytes[at + i] === byte);
  }

  #refuseQuote(start: number, at: number): never {
    const got = quoteCell(this.#bytes.toString('utf8', start, at + 1));
    return this.#refuse('quotes around whole cells only', got, this.#nextLine);
  }

  #refuse(expected: string, got: string, line: number): never {
    throw new DataError(`${this.#path}:${line}`, expected, got, QUOTE_ADVICE);
  }

  #grow(): void {
    const length = 2 * this.#starts.length;
    const larger = <T extends Uint32Array | Uint8Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.#starts = larger(new Uint32Array(length), this.#starts);
    this.#ends = larger(new Uint32Array(length), this.#ends);
    this.#isEscaped = larger(new Uint8Array(length), this.#isEscaped);
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
