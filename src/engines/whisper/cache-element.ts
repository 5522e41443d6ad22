import { halfToFloat } from '../../models/half-floats.js';

/** How numbers lie between the graphs of a model. */
export type CacheElement = 'float32' | 'float16';

/** Numbers of such a kind; those of 16 bits are kept as their bits. */
export type CacheArray = Float32Array | Uint16Array;

/** Room for so many numbers. */
export function cacheArray(element: CacheElement, length: number): CacheArray {
  return element === 'float32' ? new Float32Array(length) : new Uint16Array(length);
}

/** The numbers themselves. */
export function asFloats(values: CacheArray): Float32Array {
  return values instanceof Float32Array ? values : halfToFloat(values);
}
