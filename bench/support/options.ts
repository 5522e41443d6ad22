import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

/** What every bench can be told. */
export interface CommonOptions {
  readonly rounds: number;
  readonly modelsDir: string | undefined;
  readonly python: string | undefined;
  readonly cpus: string | undefined;
  readonly threads: number;
}

/** Reads a whole number of at least one from the command line. */
export function atLeastOne(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  }
  return value;
}

/** Reads a number above zero from the command line. */
export function aboveZero(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('It must be a number above 0.');
  }
  return value;
}

/** Reads a comma list of whole numbers of at least one from the command line. */
export function counts(text: string): readonly number[] {
  return text.split(',').map(atLeastOne);
}

/** Makes a reader of one of some words from the command line. */
export function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const known = words.find((word) => word === text);
    if (known === undefined) throw new InvalidArgumentError(`It must be of: ${words.join(', ')}.`);
    return known;
  };
}

/** Makes a reader of a comma list of some words from the command line. */
export function someOf<Word extends string>(
  words: readonly Word[],
): (text: string) => readonly Word[] {
  return (text) => text.split(',').map(oneOf(words));
}

/** Adds the options that say where models are and which cores may be used. */
export function withPlaces(command: Command): Command {
  return command
    .option('--models-dir <path>', 'folder of the models (default: what MODELS_DIR says, ./models)')
    .option('--cpus <list>', 'pin every measured program to these cores, as in taskset -c 0,1');
}

/** Adds the options of a bench that has a peer in Python. */
export function withPeer(command: Command): Command {
  return withPlaces(command)
    .option('--rounds <n>', 'how often ours and the peer take turns', atLeastOne, 5)
    .option('--threads <n>', "the peer's threads", atLeastOne, 2)
    .option('--python <path>', "interpreter that has the peer's packages (default: made here)");
}

/** Reads a comma list of names from the command line. */
export function names(text: string): readonly string[] {
  return text.split(',').filter((name) => name !== '');
}
