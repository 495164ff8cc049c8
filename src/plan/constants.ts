// Constant words that kernel calls point at → one region, equal arrays once. Coordinator only.

/** A region that grows while a plan is made. */
export interface ConstantPool {
  readonly words: readonly number[];
  /** Byte offset of an array of i32 words. */
  placeWords(values: readonly number[]): number;
  /** Byte offset of an array of f32 numbers. */
  placeFloats(values: readonly number[]): number;
}

/** An empty pool. */
export function createConstantPool(): ConstantPool {
  const words: number[] = [];
  const known = new Map<string, number>();

  function placeWords(values: readonly number[]): number {
    const key = values.join();
    const byteOffset = known.get(key) ?? words.length * 4;
    if (!known.has(key)) for (const value of values) words.push(value);
    known.set(key, byteOffset);
    return byteOffset;
  }

  return {
    words,
    placeWords,
    placeFloats: (values) => placeWords([...new Int32Array(Float32Array.from(values).buffer)]),
  };
}
