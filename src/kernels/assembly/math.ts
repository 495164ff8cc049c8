// exp, log, tanh and the logistic function of f32 arrays in shared memory; every worker thread runs them.
// Bits are the same in both builds. An output may be its input. NaN in, NaN out.
import { map } from './lanes';
import { exp4, log4, sigmoid4, tanh4 } from './vector-math';

class Exp { @inline apply(x: v128): v128 { return exp4(x); } }
class Log { @inline apply(x: v128): v128 { return log4(x); } }
class Tanh { @inline apply(x: v128): v128 { return tanh4(x); } }
class Sigmoid { @inline apply(x: v128): v128 { return sigmoid4(x); } }

export function exp(out: usize, x: usize, n: usize): void { map<Exp>(out, x, n); }
export function log(out: usize, x: usize, n: usize): void { map<Log>(out, x, n); }
export function tanh(out: usize, x: usize, n: usize): void { map<Tanh>(out, x, n); }
export function sigmoid(out: usize, x: usize, n: usize): void { map<Sigmoid>(out, x, n); }
