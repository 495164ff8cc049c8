// The kernels' exports: their names are the kernel names of ../kernel-set.ts.
export * from './attention';
export * from './batch-norm';
export * from './dropout';
export * from './elementwise';
export { sqrtOf as sqrt } from './elementwise';
export * from './gather';
export * from './gemm';
export * from './group-norm';
export * from './layer-norm';
export * from './losses';
export * from './math';
export * from './optimizers';
export * from './random';
export * from './reduce';
export * from './strided';
