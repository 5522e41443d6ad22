import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ChorusError } from '../protocol/errors.js';
import { fileEntry, folderEntries } from './folder-files.js';
import type { BundleEntry } from './plan.js';

/** Without these there is no program. */
const FILES = ['package.json', 'LICENSE', 'NOTICE'];
/** Taken where they are there. No settings: they may hold keys. */
const MORE_FILES = ['README.md', 'ecosystem.config.cjs', '.env.example'];
const MAIN = 'dist/src/cli/main.js';

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function folder(
  programDir: string,
  path: string,
  takes: (inner: string) => boolean = () => true,
): Promise<BundleEntry[]> {
  const source = join(programDir, path);
  return (await isThere(source)) ? folderEntries({ source, path, takes }) : [];
}

/**
 * The files of the built program: what runs, the bench of GPUs, the cards of all models, the documents
 * and the dashboards; and the scripts of a bundle, so that one can be made from a bundle again.
 * @throws ChorusError `unavailable` if it is not built.
 */
export async function programEntries(programDir: string): Promise<BundleEntry[]> {
  if (!(await isThere(join(programDir, MAIN)))) {
    const message = `Chorus is not built in ${programDir}: run \`npm ci && npm run build\` there.`;
    throw new ChorusError('unavailable', message);
  }
  const more: string[] = [];
  for (const path of MORE_FILES) if (await isThere(join(programDir, path))) more.push(path);
  const singles = [...FILES, ...more].map((path) => fileEntry(join(programDir, path), path));
  const folders = [
    folder(programDir, 'dist/src', (path) => /\.(?:js|json)$/.test(path)),
    // With an entry of its own for the GPU's; the common entry needs the tests as well.
    folder(programDir, 'dist/bench', (path) => path.endsWith('.js') && path !== 'main.js'),
    folder(programDir, 'src/bundle', (path) => path.endsWith('.sh')),
    folder(programDir, 'models', (path) => /^[^/]+\/model\.yaml$/.test(path)),
    folder(programDir, 'docs'),
    folder(programDir, 'grafana'),
  ];
  return [...(await Promise.all(singles)), ...(await Promise.all(folders)).flat()];
}
