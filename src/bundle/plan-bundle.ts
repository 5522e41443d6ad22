import { fileURLToPath } from 'node:url';
import type { CatalogueEntry } from '../models/catalogue.js';
import { fileEntry } from './folder-files.js';
import { modelEntries } from './model-entries.js';
import { nodeEntry, platformOf } from './node-binary.js';
import { isNative, packageEntries } from './package-entries.js';
import type { BundleEntry, BundleGroup, BundlePlan } from './plan.js';
import { programEntries } from './program-entries.js';
import { newestVersion, readMachineCode } from './machine-code.js';

/** What shall be in a bundle. */
export interface BundleContents {
  /** The folder of the built program, with its `package.json`. */
  readonly programDir: string;
  readonly version: string;
  /** Ready to be served, with what they need beside them. */
  readonly models: readonly CatalogueEntry[];
  /** The Node binary that the bundle is for; it goes along if `withNode`. */
  readonly execPath: string;
  readonly withNode: boolean;
  /** An installation of CUDA, as files of the bundle. */
  readonly cuda: readonly BundleEntry[];
}

const UNPACKER = fileURLToPath(new URL('./unpack.js', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../../../src/bundle/launcher.sh', import.meta.url));

/** The settings that a new installation begins with: it serves what came with it. */
function firstSettings(models: readonly CatalogueEntry[]): BundleEntry {
  const named = (task: string): string => {
    const ids = models.filter(({ card }) => card.task === task).map(({ card }) => card.id);
    return ids.length > 0 ? ids.join(',') : 'none';
  };
  const text =
    '# What this installation serves. All settings: current/docs/settings.md\n' +
    `TTS_MODELS: ${named('tts')}\nASR_MODELS: ${named('asr')}\n`;
  return { path: 'chorus.yaml', content: { kind: 'text', text } };
}

async function newestGlibc(entries: readonly BundleEntry[]): Promise<string | undefined> {
  const versions: string[] = [];
  for (const { path, content } of entries) {
    if (content.kind !== 'file' || !isNative(path)) continue;
    const { glibc } = (await readMachineCode(content.source)) ?? {};
    if (glibc !== undefined) versions.push(glibc);
  }
  return newestVersion(versions);
}

/**
 * Finds all files of a bundle, and writes nothing.
 * @throws ChorusError that says what is missing, and what to do.
 */
export async function planBundle(contents: BundleContents): Promise<BundlePlan> {
  const { programDir, version, models, execPath, withNode, cuda } = contents;
  const platform = await platformOf(execPath);
  const node = withNode ? await nodeEntry(execPath) : undefined;
  const weights: BundleGroup[] = [];
  for (const model of models) {
    weights.push({ title: model.card.id, entries: await modelEntries(model) });
  }
  // A model's own card stands for the program's.
  const cards = new Set(models.map(({ card }) => `models/${card.id}/model.yaml`));
  const program = (await programEntries(programDir)).filter(({ path }) => !cards.has(path));
  const launcher = { ...(await fileEntry(LAUNCHER, 'launcher.sh')), isExecutable: true };
  const groups = [
    { title: 'the program', entries: [...program, launcher, firstSettings(models)] },
    { title: 'its packages', entries: await packageEntries(programDir, platform) },
    ...weights,
    ...(cuda.length > 0 ? [{ title: 'CUDA', entries: cuda }] : []),
  ];
  const unpacker = await fileEntry(UNPACKER, 'unpack.mjs');
  const native = [...groups.flatMap(({ entries }) => entries), ...(node ? [node] : [])];
  return { version, platform, unpacker, node, groups, glibc: await newestGlibc(native) };
}
