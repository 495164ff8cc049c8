// f32 functions of one number, each the f64 function rounded once: at most half a unit in the last place and a trace off; any thread.
import { exp, tanh } from '../scalar.ts';

const fround = Math.fround;

/** x, or 0 where x < 0; NaN and -0 stay. */
export const relu = (x: number): number => (x < 0 ? 0 : x);

/** tanh x in f32. */
export const tanhOf = (x: number): number => fround(tanh(x));

/** 1 / (1 + e^-x) in f32. */
export const sigmoidOf = (x: number): number => fround(x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)));

/** e^x in f32. */
export const expOf = (x: number): number => fround(exp(x));
