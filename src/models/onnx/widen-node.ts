import type { OnnxNode, OnnxTensor } from './types.js';

/** What an axis of height 1 adds to each of a convolution's attributes. */
const OF_HEIGHT: Readonly<Record<string, number>> = {
  kernel_shape: 1,
  strides: 1,
  dilations: 1,
  output_padding: 0,
};

/** Whether a node is a convolution over one axis with a constant kernel and stated paddings. */
export function isPlainConvolution(
  { opType, inputs, attributes }: OnnxNode,
  constants: ReadonlyMap<string, OnnxTensor>,
): boolean {
  if (opType !== 'Conv' && opType !== 'ConvTranspose') return false;
  const padding = attributes['auto_pad'];
  const isStated = padding === undefined || padding.value === 'NOTSET';
  const isKnown = attributes['output_shape'] === undefined;
  return isStated && isKnown && constants.get(inputs[1] ?? '')?.dims.length === 3;
}

/** The attributes of a convolution over one axis, for the same over two. */
export function wideAttributes(attributes: OnnxNode['attributes']): OnnxNode['attributes'] {
  const entries = Object.entries(attributes).map(([name, attribute]) => {
    if (attribute.type !== 'ints') return [name, attribute] as const;
    const { value } = attribute;
    const [first = 0, second = 0] = value;
    // Paddings stand as all beginnings, then all ends.
    if (name === 'pads') return [name, { ...attribute, value: [0, first, 0, second] }] as const;
    const added = OF_HEIGHT[name];
    return [
      name,
      { ...attribute, value: added === undefined ? value : [added, ...value] },
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** A constant of two dimensions or more with an axis of 1 before its last. */
export function wideConstant(constant: OnnxTensor): OnnxTensor {
  const { dims } = constant;
  return { ...constant, dims: [...dims.slice(0, -1), 1, ...dims.slice(-1)] };
}
