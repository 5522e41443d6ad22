import { InvalidArgumentError, type Command } from 'commander';
import { modelIds, size } from '../config/values.js';

interface Flags {
  readonly models?: readonly string[];
  readonly cuda: boolean;
  readonly node: boolean;
  readonly split?: number;
  readonly out?: string;
  readonly json: boolean;
}

const PART_BYTES = size(2 ** 20, 100 * 2 ** 30);

function partBytes(text: string): number {
  const read = PART_BYTES.schema.safeParse(text);
  if (read.success) return read.data;
  throw new InvalidArgumentError(`It must be ${PART_BYTES.allowed}.`);
}

function ids(text: string): readonly string[] {
  const read = modelIds.schema.safeParse(text);
  if (read.success && read.data.length > 0) return read.data;
  throw new InvalidArgumentError('It must be model ids divided by commas, none twice.');
}

/** Adds the command `chorus bundle`; `done` is given its exit code. */
export function addBundleCommand(program: Command, done: (exitCode: number) => void): void {
  program
    .command('bundle')
    .description('write all that a machine without any network needs, as files to carry over')
    .option('--models <ids>', 'models to take along, divided by commas; else the configured', ids)
    .option('--node', 'take this Node along, so that the target needs none', false)
    .option('--cuda', 'take the CUDA libraries of `chorus setup cuda` along', false)
    .option('--split <size>', 'most bytes of a file, such as 60M or 1G; else one file', partBytes)
    .option('--out <folder>', 'where to; else a folder named after the bundle')
    .option('--json', 'print the outcome as JSON', false)
    .addHelpText(
      'after',
      '\nFetches the models first, as chorus pull does, unless they are here.' +
        '\n\nExamples:\n  chorus bundle --node' +
        '\n  chorus bundle --models kokoro-82m,whisper-base --node --cuda --split 60M' +
        '\n  sh install.sh /opt/chorus --start     # on the target, in the folder of the bundle',
    )
    .action(async ({ models = [], split, out, ...flags }: Flags) => {
      // Loaded here: the other commands start quicker without.
      const { bundle } = await import('./bundle.js');
      done(await bundle({ ...flags, models, split, out }));
    });
}
