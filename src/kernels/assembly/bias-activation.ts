// C = act(C [+ bias]) in one pass: what follows a product that another library has computed. Every worker thread runs it.
import { map, zip } from './lanes';
import { sigmoid4, tanh4 } from './vector-math';

// The numbers of the activations, and what they do to a sum, are gemm's.
const RELU = 1, TANH = 2, SIGMOID = 3;

class Relu {
  // @ts-ignore: decorator
  @inline
  apply(x: v128): v128 { return f32x4.pmax(x, f32x4.splat(0)); }
}
class Tanh {
  // @ts-ignore: decorator
  @inline
  apply(x: v128): v128 { return tanh4(x); }
}
class Sigmoid {
  // @ts-ignore: decorator
  @inline
  apply(x: v128): v128 { return sigmoid4(x); }
}
class Sum {
  // @ts-ignore: decorator
  @inline
  apply(x: v128, b: v128): v128 { return f32x4.add(x, b); }
}
class SumRelu {
  // @ts-ignore: decorator
  @inline
  apply(x: v128, b: v128): v128 { return f32x4.pmax(f32x4.add(x, b), f32x4.splat(0)); }
}
class SumTanh {
  // @ts-ignore: decorator
  @inline
  apply(x: v128, b: v128): v128 { return tanh4(f32x4.add(x, b)); }
}
class SumSigmoid {
  // @ts-ignore: decorator
  @inline
  apply(x: v128, b: v128): v128 { return sigmoid4(f32x4.add(x, b)); }
}

// @ts-ignore: decorator
@inline
function mapRows<Op>(c: usize, m: usize, n: usize, rowBytes: usize): void {
  for (let i: usize = 0; i < m; ++i) {
    map<Op>(c, c, n);
    c += rowBytes;
  }
}

// @ts-ignore: decorator
@inline
function zipRows<Op>(c: usize, m: usize, n: usize, rowBytes: usize, bias: usize): void {
  for (let i: usize = 0; i < m; ++i) {
    zip<Op>(c, c, bias, n);
    c += rowBytes;
  }
}

/** C (m, n) = act(C [+ bias (n)]), rows of C ldc floats apart; bias 0 for none; activation: 0 none, 1 ReLU, 2 tanh, 3 logistic. */
export function biasActivation(c: usize, m: usize, n: usize, ldc: usize, bias: usize, activation: i32): void {
  const rowBytes = ldc << 2;
  if (bias) {
    if (activation == RELU) zipRows<SumRelu>(c, m, n, rowBytes, bias);
    else if (activation == TANH) zipRows<SumTanh>(c, m, n, rowBytes, bias);
    else if (activation == SIGMOID) zipRows<SumSigmoid>(c, m, n, rowBytes, bias);
    else zipRows<Sum>(c, m, n, rowBytes, bias);
    return;
  }
  if (activation == RELU) mapRows<Relu>(c, m, n, rowBytes);
  else if (activation == TANH) mapRows<Tanh>(c, m, n, rowBytes);
  else if (activation == SIGMOID) mapRows<Sigmoid>(c, m, n, rowBytes);
}
