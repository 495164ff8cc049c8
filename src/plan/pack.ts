// Plain data to MessagePack bytes and back, in any thread: the only place where a Packr is made.
import { Packr } from 'msgpackr';

/**
 * The packer for plans, messages and saved state.
 * `moreTypes` is what keeps typed arrays whole: the bare `pack` of msgpackr cuts a Float32Array's floats to bytes without an error.
 */
export const packr = new Packr({ moreTypes: true });

/**
 * The packer of what is read again from a file. Without records: their reader compiles functions from the names in the bytes, and no
 * file that lockstep reads may run code.
 */
export const savedPackr = new Packr({ moreTypes: true, useRecords: false });
