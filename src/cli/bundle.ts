import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cudaEntries } from '../bundle/cuda-entries.js';
import { platformName } from '../bundle/node-binary.js';
import { planBundle } from '../bundle/plan-bundle.js';
import { bytesOf, orderedEntries, type BundleEntry, type BundlePlan } from '../bundle/plan.js';
import { archiveBytes } from '../bundle/tar.js';
import { bundleName, writeBundle, type WrittenBundle } from '../bundle/write-bundle.js';
import { listGpus } from '../config/gpus.js';
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { entryOf, loadCatalogue, type Catalogue } from '../models/catalogue.js';
import { withCompanions } from '../models/companions.js';
import { sayBytes } from '../models/pull/disk-space.js';
import { EXIT } from './failure.js';
import { untilInterrupted } from './interruption.js';
import { PullProgress } from './progress.js';
import { pullWithProgress } from './pull.js';
import { Needs } from './variants.js';
import { VERSION } from './version.js';

/** What `chorus bundle` was asked for. */
export interface BundleFlags {
  /** Empty = the configured models. */
  readonly models: readonly string[];
  readonly cuda: boolean;
  readonly node: boolean;
  /** Most bytes of a part; undefined = one part. */
  readonly split: number | undefined;
  /** Undefined = a folder named after the bundle. */
  readonly out: string | undefined;
  readonly json: boolean;
}

const PROGRAM_DIR = fileURLToPath(new URL('../../../', import.meta.url));

/** With CUDA along, the target has GPUs, whatever this machine has; and processors it has, too. */
function settingsOfTarget(settings: Settings, flags: BundleFlags): Settings {
  if (!flags.cuda) return settings;
  const devices = { kind: 'list', devices: ['cpu', '0'] } as const;
  return { ...settings, tts: { ...settings.tts, devices }, asr: { ...settings.asr, devices } };
}

async function plan(
  flags: BundleFlags,
  ids: readonly string[],
  { catalogue, cuda }: { readonly catalogue: Catalogue; readonly cuda: readonly BundleEntry[] },
): Promise<BundlePlan> {
  const needed = withCompanions(ids, (id) => catalogue.entries.get(id)?.card);
  return planBundle({
    programDir: PROGRAM_DIR,
    version: VERSION,
    models: needed.map((id) => entryOf(catalogue, id)),
    execPath: process.execPath,
    withNode: flags.node,
    cuda,
  });
}

/** Says what will be made, before a byte of it is. */
function announce(made: BundlePlan, { split }: BundleFlags, outDir: string): void {
  const rows = [
    ...made.groups.map(({ title, entries }) => [title, bytesOf(entries)] as const),
    ...(made.node ? [[`Node ${process.version}`, bytesOf([made.node])] as const] : []),
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  const total = archiveBytes(orderedEntries(made));
  const parts = split === undefined ? 1 : Math.ceil(total / split);
  const size = `${sayBytes(total)} in ${parts} ${parts === 1 ? 'part' : 'parts'}`;
  const lines = [
    `The bundle ${bundleName(made)} will have ${size}, in ${outDir}:`,
    ...rows.map(([title, bytes]) => `  ${title.padEnd(width)}  ${sayBytes(bytes).padStart(9)}`),
    made.node
      ? `It runs on ${platformName(made.platform)} with glibc ${made.glibc ?? '(any)'} or newer.`
      : 'It has no Node: the target needs Node 20.19 or newer (--node takes it along).',
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

async function write(
  made: BundlePlan,
  outDir: string,
  options: { readonly flags: BundleFlags; readonly signal: AbortSignal },
): Promise<WrittenBundle> {
  const { flags, signal } = options;
  const progress = new PullProgress(process.stderr);
  try {
    return await writeBundle(made, {
      outDir,
      partBytes: flags.split,
      signal,
      report: ({ writtenBytes, totalBytes, part }) =>
        progress.report({
          type: 'progress',
          model: 'bundle',
          receivedBytes: writtenBytes,
          totalBytes,
          source: part,
        }),
    });
  } finally {
    progress.end();
  }
}

function tell(
  written: WrittenBundle,
  made: BundlePlan,
  { outDir, json }: { readonly outDir: string; readonly json: boolean },
): void {
  const { release, bytes, sha256, parts } = written;
  if (json) {
    const summary = {
      folder: outDir,
      release,
      platform: platformName(made.platform),
      glibc: made.glibc ?? null,
      hasNode: made.node !== undefined,
      groups: made.groups.map(({ title, entries }) => ({ title, bytes: bytesOf(entries) })),
      bytes,
      sha256,
      parts,
    };
    console.log(JSON.stringify(summary, undefined, 2));
    return;
  }
  console.log(
    `Made ${release}: ${sayBytes(bytes)} in ${outDir}\n` +
      'Carry that folder over, and there:  sh install.sh FOLDER --start',
  );
}

/** Runs `chorus bundle` and resolves with its exit code. */
export async function bundle(flags: BundleFlags): Promise<number> {
  const settings = loadSettings();
  const catalogue = await loadCatalogue(settings);
  const configured = [...settings.tts.models, ...settings.asr.models];
  const ids = [...new Set(flags.models.length > 0 ? flags.models : configured)];
  const again = 'nothing was made; the next run goes on with the models that are fetched';
  const exitCode = await untilInterrupted(async (signal) => {
    const cuda = flags.cuda ? await cudaEntries(settings.cudaDir) : [];
    const target = settingsOfTarget(settings, flags);
    const needs = new Needs(target, await listGpus());
    await pullWithProgress(ids, { settings: target, catalogue, needs, signal });
    const made = await plan(flags, ids, { catalogue, cuda });
    const outDir = resolve(flags.out ?? bundleName(made));
    announce(made, flags, outDir);
    tell(await write(made, outDir, { flags, signal }), made, { outDir, json: flags.json });
  }, again);
  return exitCode ?? EXIT.ok;
}
