/** Weights of a Whisper checkpoint, whatever file they come from. */

/** One tensor of a checkpoint; its numbers are read only when asked for. */
export interface WeightTensor {
  readonly dims: readonly number[];
  read(): Promise<Float32Array>;
}

/**
 * The weights under one set of names: `<side>/<place>/<part>.<weight|bias>`, for example
 * `decoder/3/cross.kv.weight`. Linear weights are [out, in]; `self.qkv` and `cross.kv` are the
 * projections one after the other, with a zero bias where the checkpoint has none.
 */
export interface WeightSet {
  /** @throws Error that names the tensor if the checkpoint lacks it. */
  get(name: string): WeightTensor;
  has(name: string): boolean;
  close(): Promise<void>;
}

/** Turns bfloat16, which is a float32's upper half, into numbers. */
export function bfloatToFloat(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = (bits[i] ?? 0) << 16;
  return new Float32Array(wide.buffer);
}
