/**
 * Normalisation of features to mean 0 and deviation 1 with figures of the training data (cepstral
 * mean and variance normalisation): y = (x + shift) · scale, value by value of a row.
 */

/** The figures of a model, one of each for every value of a row. */
export interface Cmvn {
  readonly shift: Float32Array;
  readonly scale: Float32Array;
}

/**
 * Reads an `am.mvn`, a Kaldi network in text form: the vector of its `<AddShift>` and that of its
 * `<Rescale>`.
 * @throws Error that says what is missing.
 */
export function parseKaldiCmvn(text: string): Cmvn {
  return checked(vectorOf(text, 'AddShift'), vectorOf(text, 'Rescale'));
}

/**
 * Reads the figures that sherpa-onnx writes into a graph's metadata: numbers with commas between.
 * @returns undefined if the graph has none.
 * @throws Error if they are not what they should be.
 */
export function cmvnOfMetadata(metadata: Readonly<Record<string, string>>): Cmvn | undefined {
  const { neg_mean: shift, inv_stddev: scale } = metadata;
  if (shift === undefined || scale === undefined) return undefined;
  return checked(numbersOf(shift.split(',')), numbersOf(scale.split(',')));
}

/** Normalises rows in place. */
export function applyCmvn(rows: Float32Array, { shift, scale }: Cmvn): void {
  const width = shift.length;
  for (let row = 0; row < rows.length; row += width) {
    for (let i = 0; i < width; i++) {
      rows[row + i] = ((rows[row + i] as number) + (shift[i] as number)) * (scale[i] as number);
    }
  }
}

function vectorOf(text: string, component: string): Float32Array {
  const pattern = new RegExp(`<${component}>[^[<]*(?:<LearnRateCoef>[^[<]*)?\\[([^\\]]*)\\]`);
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`There is no vector after <${component}>.`);
  return numbersOf(found.trim().split(/\s+/));
}

function numbersOf(words: readonly string[]): Float32Array {
  const numbers = Float32Array.from(words, (word) => (word.trim() === '' ? NaN : Number(word)));
  if (numbers.some((value) => !Number.isFinite(value))) {
    throw new Error('A figure of the normalisation is no number.');
  }
  return numbers;
}

function checked(shift: Float32Array, scale: Float32Array): Cmvn {
  if (shift.length === scale.length) return { shift, scale };
  throw new Error(`There are ${shift.length} means and ${scale.length} deviations.`);
}
