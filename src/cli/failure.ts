import { SettingsError } from '../config/settings-error.js';
import { ChorusError } from '../protocol/errors.js';

/** Exit codes of the command line; 75 and 78 are `EX_TEMPFAIL` and `EX_CONFIG` of sysexits.h. */
export const EXIT = { ok: 0, failed: 1, usage: 2, alreadyRunning: 75, config: 78 } as const;

/** Prints why a command failed, for the person at the keyboard, and returns its exit code. */
export function reportFailure(caught: unknown): number {
  if (caught instanceof SettingsError) {
    console.error(caught.message);
    return EXIT.config;
  }
  if (caught instanceof ChorusError && caught.code !== 'internal') {
    console.error(`chorus: ${caught.message}`);
    return caught.code === 'model_not_found' ? EXIT.usage : EXIT.failed;
  }
  // The disk's refusals say operation and path; a stack adds nothing for the person who reads it.
  console.error(isRefusalOfDisk(caught) ? `chorus: ${caught.message}` : caught);
  return EXIT.failed;
}

function isRefusalOfDisk(caught: unknown): caught is NodeJS.ErrnoException {
  return caught instanceof Error && 'syscall' in caught && 'path' in caught;
}
