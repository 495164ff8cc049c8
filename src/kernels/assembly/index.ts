// The kernels' exports: their names are the kernel names of ../kernel-set.ts.
export * from './elementwise';
export { sqrtOf as sqrt } from './elementwise';
export * from './gather';
export * from './gemm';
export * from './losses';
export * from './math';
export * from './optimizers';
export * from './random';
export * from './reduce';
export * from './strided';
export * from './activations';
export * from './piecewise';
export * from './power';
export * from './softmax';
export * from './views';
export * from './batched-gemm';
