// exp, log, tanh and the logistic function of f32 arrays in shared memory; every worker thread runs them.
// Bits are the same in both builds. An output may be its input. NaN in, NaN out.
import { map } from './lanes';
import { Logistic, log4, mapExp, TanhOf } from './vector-math';

class Exp {
  @inline before(x: v128, y: v128): v128 { return x; }
  @inline after(x: v128, y: v128, e: v128): v128 { return e; }
}
class Log { @inline apply(x: v128): v128 { return log4(x); } }

export function exp(out: usize, x: usize, n: usize): void { mapExp<Exp>(out, x, f32x4.splat(0), n); }
export function log(out: usize, x: usize, n: usize): void { map<Log>(out, x, n); }
export function tanh(out: usize, x: usize, n: usize): void { mapExp<TanhOf>(out, x, f32x4.splat(0), n); }
export function sigmoid(out: usize, x: usize, n: usize): void { mapExp<Logistic>(out, x, f32x4.splat(0), n); }
