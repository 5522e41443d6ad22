/**
 * The kinds of numbers that a model's weights can be had in. `int8`: products of 8-bit integers, all
 * else in 32 bits; `fp16`: 16-bit floats, with 32 bits where their range or precision would not do;
 * `fp32`: 32-bit floats.
 */
export const PRECISIONS = ['int8', 'fp16', 'fp32'] as const;
/** One of {@link PRECISIONS}. */
export type Precision = (typeof PRECISIONS)[number];

/** What the settings may say of it; `auto` = by the device and the model's card. */
export const PRECISION_SETTINGS = ['auto', ...PRECISIONS] as const;
/** One of {@link PRECISION_SETTINGS}. */
export type PrecisionSetting = (typeof PRECISION_SETTINGS)[number];
