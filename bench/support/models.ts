import { join, resolve } from 'node:path';

import { PROJECT_ROOT } from './chorus.js';

/** The folder of the models: what the command line says, else MODELS_DIR, else the project's. */
export function modelsFolder(given: string | undefined): string {
  const set = process.env['MODELS_DIR'];
  if (given !== undefined) return resolve(given);
  return set === undefined || set === '' ? join(PROJECT_ROOT, 'models') : resolve(set);
}
