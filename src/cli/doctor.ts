import { listGpus } from '../config/gpus.js';
import { loadSettings } from '../config/load.js';
import { runChecks } from './doctor/check.js';
import { CHECKS } from './doctor/checks.js';
import { drawResults } from './doctor/print.js';
import { EXIT } from './failure.js';

/**
 * Runs `chorus doctor`: looks whether this machine can run Chorus well, and says what to do about
 * each thing that is not right. Changes nothing.
 * @returns The exit code: 1 if a check failed.
 * @throws SettingsError if the settings cannot be used at all.
 */
export async function doctor({ json }: { readonly json: boolean }): Promise<number> {
  const settings = loadSettings();
  const checks = await runChecks(CHECKS, { settings, gpus: listGpus() });
  const ok = checks.every(({ state }) => state !== 'failed');
  const colour = process.stdout.hasColors?.() ?? false;
  console.log(json ? JSON.stringify({ ok, checks }, undefined, 2) : drawResults(checks, colour));
  return ok ? EXIT.ok : EXIT.failed;
}
