// An initialiser of a config and an array's shape → the distribution of the array's first values. Pure; coordinator only.
import { ModelError } from '../graph/model-error.ts';
import type { Initializer } from '../graph/ops/parameter.ts';
import { elementCount, formatShape } from '../graph/tensor-type.ts';
import type { InitializerConfig } from './initializers.schema.ts';

/** Inputs and outputs of a unit: shape (out, in, …), each times what lies behind the two axes. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** As PyTorch counts them, whatever the axes mean: in = shape[1] · rest, out = shape[0] · rest. */
export function fansOf(shape: readonly number[]): Fans {
  const rest = elementCount(shape.slice(2));
  return { in: shape[1] * rest, out: shape[0] * rest };
}

/**
 * U(-1/√fanIn, 1/√fanIn), for weight and bias: PyTorch's kaiming_uniform with a = √5 comes to that.
 * @see He et al. 2015, "Delving Deep into Rectifiers", arXiv:1502.01852; torch.nn.Linear.reset_parameters
 */
export function fanInUniform(fanIn: number): Initializer {
  const bound = 1 / Math.sqrt(fanIn);
  return { kind: 'uniform', low: -bound, high: bound };
}

/**
 * The distribution that a config names.
 * @throws ModelError, beginning with `where`, for a vector where only a matrix has fans or orthogonal rows.
 */
export function resolveInitializer(config: InitializerConfig, shape: readonly number[], where: string): Initializer {
  switch (config.name) {
    case 'zeros':
      return { kind: 'constant', value: 0 };
    case 'ones':
      return { kind: 'constant', value: 1 };
    case 'constant':
      return { kind: 'constant', value: config.value };
    case 'uniform':
      return { kind: 'uniform', low: config.low, high: config.high };
    case 'normal':
      return { kind: 'normal', mean: config.mean, std: config.std };
    case 'truncNormal': {
      const { mean, std, low, high } = config;
      return { kind: 'truncatedNormal', mean, std, low, high };
    }
    default:
      return resolveOfMatrix(config, shape, where);
  }
}

type MatrixInitializer = Extract<
  InitializerConfig,
  { name: 'kaimingUniform' | 'kaimingNormal' | 'xavierUniform' | 'xavierNormal' | 'orthogonal' }
>;

function resolveOfMatrix(config: MatrixInitializer, shape: readonly number[], where: string): Initializer {
  if (shape.length < 2) {
    throw new ModelError(
      `${where}: expected an array of two axes or more for ${config.name}, got ${formatShape(shape)}; use normal, uniform, zeros, ones or constant`,
    );
  }
  if (config.name === 'orthogonal') return { kind: 'orthogonal', gain: config.gain };
  const std = standardDeviation(config, fansOf(shape));
  if (config.name === 'kaimingNormal' || config.name === 'xavierNormal') return { kind: 'normal', mean: 0, std };
  const bound = Math.sqrt(3) * std;
  return { kind: 'uniform', low: -bound, high: bound };
}

/**
 * He et al. 2015 (arXiv:1502.01852) keep the variance of one pass, gain² / fan; Glorot and Bengio 2010 ("Understanding the
 * difficulty of training deep feedforward neural networks", eq. 16) of both on average, gain² · 2 / (in + out).
 */
function standardDeviation(config: Exclude<MatrixInitializer, { name: 'orthogonal' }>, fans: Fans): number {
  if (config.name === 'xavierUniform' || config.name === 'xavierNormal') {
    return config.gain * Math.sqrt(2 / (fans.in + fans.out));
  }
  return gainOf(config) / Math.sqrt(config.mode === 'fanIn' ? fans.in : fans.out);
}

/** @see torch.nn.init.calculate_gain */
function gainOf({ nonlinearity, a }: Extract<InitializerConfig, { nonlinearity: string }>): number {
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + a * a));
    case 'selu':
      return 0.75;
    default:
      return 1;
  }
}
