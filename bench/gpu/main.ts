/**
 * The `gpu` bench alone: it needs nothing of the tests and no package that is not shipped, so it also
 * runs beside an unpacked bundle, where there is no checkout.
 */
import { Command } from 'commander';

import { endProgramsAtExit } from '../support/program.js';
import { note } from '../support/report.js';
import { withGpu } from './command.js';

const program = new Command('bench').description('Checks and measures Chorus on one GPU.');
withGpu(program);
endProgramsAtExit();
try {
  await program.parseAsync();
  process.exit();
} catch (caught) {
  note(caught instanceof Error ? caught.message : String(caught));
  process.exit(1);
}
