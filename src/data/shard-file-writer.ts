// Elements, piece by piece → one npy file, whose header tells how many samples there are when it is closed; any thread.

import { closeSync, openSync, writeSync } from 'node:fs';
import { formatNpyHeader, type NpyType } from './shard-header.ts';

// Room for the longest header: the number of samples is known at the end.
const HEADER_BYTES = 192;

/** A new file of samples of one shape. */
export class NpyWriter {
  readonly #descriptor: number;
  readonly #type: NpyType;
  readonly #shape: readonly number[];
  samples = 0;

  /** @param shape of one sample; empty for labels. @throws node:fs's errors, also where the file is there already */
  constructor(path: string, type: NpyType, shape: readonly number[]) {
    this.#type = type;
    this.#shape = shape;
    this.#descriptor = openSync(path, 'wx');
    writeFully(this.#descriptor, new Uint8Array(HEADER_BYTES));
  }

  /** Appends samples: `elements` is of the file's type. */
  write(elements: ArrayBufferView, samples: number): void {
    writeFully(this.#descriptor, new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
    this.samples += samples;
  }

  /** Writes the header and closes the file. */
  close(): void {
    try {
      const header = formatNpyHeader(this.#type, [this.samples, ...this.#shape], HEADER_BYTES);
      writeFully(this.#descriptor, header, 0);
    } finally {
      closeSync(this.#descriptor);
    }
  }
}

/** One call writes at most 2 GiB. */
function writeFully(descriptor: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position === undefined ? null : position + done);
  }
}
