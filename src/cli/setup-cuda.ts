import { createInterface } from 'node:readline/promises';
import { childEnvironment } from '../config/environment.js';
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { checkCuda } from '../cuda/check.js';
import type { CudaPlan, PieceSource, PlannedPiece } from '../cuda/plan.js';
import { setUpCuda } from '../cuda/setup.js';
import type { SetupOutcome } from '../cuda/setup.js';
import { sayBytes } from '../models/pull/disk-space.js';
import type { PullReport } from '../models/pull/events.js';
import { drawResults } from './doctor/print.js';
import { EXIT } from './failure.js';
import { untilInterrupted } from './interruption.js';
import { PullProgress } from './progress.js';

/** What `chorus setup cuda` is asked for. */
export interface SetupCudaFlags {
  readonly check: boolean;
  readonly from?: string;
  readonly system: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

const RELOAD = 'A server that runs takes it on when it is started anew.';

/** Runs `chorus setup cuda` and resolves with its exit code. */
export async function setupCuda(flags: SetupCudaFlags): Promise<number> {
  const settings = loadSettings();
  if (flags.check) return check(settings, flags);
  let outcome: SetupOutcome | undefined;
  const stopped = await untilInterrupted(async (signal) => {
    outcome = await setUp(settings, flags, signal);
  }, 'nothing was installed');
  if (stopped !== undefined || outcome === undefined) return stopped ?? EXIT.failed;
  console.log(flags.json ? JSON.stringify(summary(outcome), undefined, 2) : sayOutcome(outcome));
  return outcome.state === 'declined' ? EXIT.failed : EXIT.ok;
}

async function check(settings: Settings, { json }: SetupCudaFlags): Promise<number> {
  const steps = await checkCuda(settings.cudaDir);
  const ok = steps.every(({ state }) => state !== 'failed');
  const colour = process.stdout.hasColors?.() ?? false;
  console.log(json ? JSON.stringify({ ok, steps }, undefined, 2) : drawResults(steps, colour));
  return ok ? EXIT.ok : EXIT.failed;
}

async function setUp(
  { cudaDir }: Settings,
  { from, system, yes, json }: SetupCudaFlags,
  signal: AbortSignal,
): Promise<SetupOutcome> {
  const progress = new PullProgress(process.stderr);
  const report: PullReport = (event) => progress.report(event);
  try {
    return await setUpCuda({
      dir: cudaDir,
      from,
      useSystem: system,
      libraryPath: childEnvironment()['LD_LIBRARY_PATH'] ?? '',
      report,
      signal,
      confirm: (plan) => {
        process.stderr.write(`${sayPlan(plan)}\n`);
        return yes || json ? Promise.resolve(true) : ask(signal);
      },
    });
  } finally {
    progress.end();
  }
}

/** Asks the person at the keyboard; where there is none, the command itself was the answer. */
async function ask(signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads, Ctrl-C comes to the terminal and not to the process.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question('Go on? [Y/n] ', { signal });
    return /^(?:y(?:es)?)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

const WHENCE: Readonly<Record<PieceSource['kind'], string>> = {
  kept: 'in place',
  system: 'of the system',
  pip: 'through pip',
  wheel: 'from the wheel',
  files: 'from the folder',
};

/** What will be done, before it begins. */
export function sayPlan(plan: CudaPlan): string {
  const { machine, onnxruntimeVersion, notes, fetchBytes, installBytes, dir } = plan;
  const driver = machine.driver ?? 'none on this machine';
  const rows = plan.pieces.map((planned) => `  ${sayPiece(planned)}`);
  const sizes =
    fetchBytes > 0
      ? `${sayBytes(fetchBytes)} are fetched, and ${sayBytes(installBytes)} written to ${dir}`
      : `Nothing is fetched; ${sayBytes(installBytes)} are written to ${dir}`;
  return [
    `CUDA for onnxruntime-node ${onnxruntimeVersion}; driver: ${driver}; glibc ${machine.glibc}`,
    ...notes.map((note) => `  ${note}`),
    ...rows,
    `${sizes}.`,
  ].join('\n');
}

function sayPiece({ piece, version, source }: PlannedPiece): string {
  const columns = { name: 20, version: 10 };
  const place =
    source.kind === 'system' || source.kind === 'files'
      ? `: ${source.folder}`
      : source.kind === 'wheel'
        ? `: ${source.path}`
        : '';
  const size = source.kind === 'pip' ? `, ${sayBytes(piece.wheelBytes)}` : '';
  const shown = source.kind === 'wheel' ? source.version : source.kind === 'files' ? '' : version;
  const head = `${piece.package.padEnd(columns.name)} ${shown.padEnd(columns.version)}`;
  return `${head} ${WHENCE[source.kind]}${place}${size}`;
}

function sayOutcome(outcome: SetupOutcome): string {
  if (outcome.state === 'declined') return 'Nothing was installed.';
  const { dir } = outcome.installation;
  const next = 'Run `chorus setup cuda --check` to try it.';
  if (outcome.state === 'in-place') return `CUDA is in place in ${dir}; nothing was done. ${next}`;
  return `CUDA is installed in ${dir}. ${RELOAD} ${next}`;
}

function summary(outcome: SetupOutcome): unknown {
  if (outcome.state === 'declined') return { ok: false, state: outcome.state };
  const { dir, record } = outcome.installation;
  return { ok: true, state: outcome.state, dir, ...record };
}
