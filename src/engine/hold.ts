// The committed generation → held while somebody copies it: the reader's machine of the step protocol, carried out. Any thread.
import { type ControlWords, perform } from './atomics.ts';
import { OP, type Words } from './protocol-words.ts';
import { createReader, type Reader, readerNext } from './reader-machine.ts';

/** Readers' numbers in the control word. */
export const READER = { checkpoint: 0 } as const;

/** Sets the reader's hold bit on the generation that is committed now; `step` of what is returned says which. It waits for nobody. */
export function takeHold(words: Words, reader: number, control: ControlWords): Reader {
  const machine = createReader(words, reader);
  for (let op = readerNext(machine); op !== OP.copy; op = readerNext(machine)) perform(op, machine, control, 0);
  return machine;
}

/** Clears it and rings, in whatever thread: the copy is done, or whoever made it is gone. */
export function releaseHold(machine: Reader, control: ControlWords): void {
  for (let op = readerNext(machine); op !== OP.leave; op = readerNext(machine)) perform(op, machine, control, 0);
}
