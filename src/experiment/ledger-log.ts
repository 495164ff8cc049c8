// Committed steps → the rows of ledger.jsonl, written a batch at a time; the coordinator. A full disk costs rows, never the run.
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import type { CommittedStep } from '../engine/step-records.ts';
import { type LedgerHeader, ledgerLine, ledgerRow } from './ledger.ts';

/** Rows that wait for a disk that takes them; older ones are given up. */
const MOST_WAITING_BYTES = 1 << 22;

/** The growing ledger of a run. */
export class LedgerLog {
  readonly #descriptor: number;
  readonly #path: string;
  readonly #onTrouble: (message: string) => void;
  #lines: string[] = [];
  #waiting: Buffer = Buffer.alloc(0);
  #isScheduled = false;
  #hasTrouble = false;
  #isClosed = false;

  /** Goes on with the file where there is one. `onTrouble` is told once that rows cannot be written, and once that they can again. */
  constructor(path: string, header: LedgerHeader, onTrouble: (message: string) => void) {
    this.#path = path;
    this.#onTrouble = onTrouble;
    this.#descriptor = openSync(path, 'a');
    if (fstatSync(this.#descriptor).size === 0) this.#lines.push(ledgerLine(header));
    this.#schedule();
  }

  addStep(record: CommittedStep): void {
    const row = ledgerRow(record);
    if (row === undefined) return;
    this.#lines.push(ledgerLine(row));
    this.#schedule();
  }

  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    closeSync(this.#descriptor);
  }

  /** Writes what waits. Called by itself when the records that were read at once have all been added. */
  flush(): void {
    if (this.#isClosed) return;
    this.#waiting = Buffer.concat([this.#waiting, Buffer.from(this.#lines.join(''))]);
    this.#lines = [];
    try {
      while (this.#waiting.length > 0) {
        // One call may write less than all of it; what is left goes on at the same byte.
        this.#waiting = this.#waiting.subarray(writeSync(this.#descriptor, this.#waiting));
      }
      if (this.#hasTrouble) this.#tell(false, 'rows are written again');
    } catch (cause) {
      if (!this.#hasTrouble) this.#tell(true, `${(cause as Error).message}; the run goes on, rows wait for space`);
      if (this.#waiting.length > MOST_WAITING_BYTES) this.#giveUpRows();
    }
  }

  /** A write a row would cost more than the row: records come in batches, and the microtask runs when a batch is over. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** The line that may be half written stays first. */
  #giveUpRows(): void {
    const firstEnd = this.#waiting.indexOf(10) + 1;
    const kept = this.#waiting.indexOf(10, this.#waiting.length - MOST_WAITING_BYTES / 2) + 1;
    this.#waiting = Buffer.concat([
      this.#waiting.subarray(0, firstEnd),
      this.#waiting.subarray(Math.max(kept, firstEnd)),
    ]);
  }

  #tell(hasTrouble: boolean, message: string): void {
    this.#hasTrouble = hasTrouble;
    this.#onTrouble(`${this.#path}: ${message}`);
  }
}
