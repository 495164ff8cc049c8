// The step protocol's reader: holds the committed generation in the control word, copies it, lets it go. Pure.
import { compareExchange64, load64, noOperation, type Ringer, ring, ringNext } from './protocol-operation.ts';
import { ctlStep, holdBit, OP, type Op, type Words } from './protocol-words.ts';

export interface Reader extends Ringer {
  words: Words;
  reader: number;
  ctl: bigint;
  generation: number;
  step: number;
}
/** Where a reader's machine goes on when its operation is done. */
export const READER_AT = { look: 0, sawCtl: 1, held: 2, copied: 3, released: 4, left: 5 } as const;
const R = READER_AT;

/** The machine of a reader that copies the committed generation while training goes on (0: snapshots). */
export function createReader(words: Words, reader: number): Reader {
  return { ...noOperation(), words, reader, at: R.look, afterRing: 0, sleeperWord: 0, ctl: 0n, generation: 0, step: 0 };
}

/** The reader's next operation: set the bit in the control word itself, copy, clear the bit, ring. */
export function readerNext(m: Reader): Op {
  const { words } = m;
  for (;;) {
    switch (m.at) {
      case R.look:
        m.at = R.sawCtl;
        return load64(m, words.ctl);
      case R.sawCtl:
        m.ctl = m.result64;
        m.step = ctlStep(m.ctl);
        m.generation = m.step & 1;
        m.at = R.held;
        return compareExchange64(m, words.ctl, m.ctl, m.ctl | holdBit(m.generation, m.reader));
      case R.held:
        m.at = m.result64 === m.ctl ? R.copied : R.look;
        if (m.at === R.look) continue;
        return OP.copy;
      case R.copied:
        m.at = R.released;
        m.word = words.ctl;
        m.value64 = ~holdBit(m.generation, m.reader);
        return OP.and64;
      case R.released:
        ring(m, R.left);
        continue;
      case R.left:
        return OP.leave;
      default:
        return ringNext(m, words);
    }
  }
}
