import { InvalidArgumentError } from 'commander';

import { aboveZero } from '../support/options.js';

/** Reads a comma list of loads, each above 0 and below 1, from the command line. */
export function loads(text: string): readonly number[] {
  return text.split(',').map((one) => {
    const load = aboveZero(one);
    // At 1 and above queues grow for as long as the trace lasts.
    if (load >= 1) throw new InvalidArgumentError('A load must be below 1.');
    return load;
  });
}
