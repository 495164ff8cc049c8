// The kernels' exports: their names are the kernel names of ../kernel-set.ts.
export * from './convolution';
export * from './elementwise';
export { sqrtOf as sqrt } from './elementwise';
export * from './gather';
export * from './gemm';
export * from './image-sums';
export * from './losses';
export * from './math';
export * from './pooling';
export * from './upsampling';
export * from './optimizers';
export * from './random';
export * from './reduce';
export * from './strided';
