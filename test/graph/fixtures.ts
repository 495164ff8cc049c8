// PyTorch's numbers in test/fixtures → float arrays by case and field.
import { fileURLToPath } from 'node:url';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';

/** A stored tensor; integers as numbers. */
export interface FixtureTensor {
  shape: number[];
  values: Float32Array | number[];
}

/** `field('linear/x')` of a file such as `ops`. */
export function openFixture(file: 'ops' | 'losses' | 'models' | 'weighted'): (name: string) => FixtureTensor {
  const { tensors } = readSafetensorsFile(fileURLToPath(new URL(`../fixtures/${file}.safetensors`, import.meta.url)));
  return (name) => {
    const tensor = tensors.get(name)!;
    const { shape, dtype, bytes } = tensor;
    if (dtype === 'I32') return { shape, values: Array.from(new Int32Array(bytes.slice().buffer)) };
    if (dtype !== 'I64') return { shape, values: float32Values(tensor) };
    return { shape, values: Array.from(new BigInt64Array(bytes.slice().buffer), Number) };
  };
}
