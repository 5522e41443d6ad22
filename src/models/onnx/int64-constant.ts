import { ELEMENT, type OnnxTensor } from './types.js';

/** A small constant of whole numbers: axes, shapes. One number that stands alone is a scalar. */
export function int64Constant(name: string, values: number | readonly number[]): OnnxTensor {
  const list = typeof values === 'number' ? [values] : values;
  const data = new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
  const dims = typeof values === 'number' ? [] : [list.length];
  return { name, elementType: ELEMENT.int64, dims, data };
}
