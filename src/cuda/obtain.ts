import { link, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { PullReport } from '../models/pull/events.js';
import { runClient } from '../models/pull/package-client.js';
import { ChorusError } from '../protocol/errors.js';
import { PIP_OPTIONS } from './from-folder.js';
import { LIBRARY_DIR } from './installation.js';
import type { InstalledFile, InstalledPiece } from './installation.js';
import { libraryFault, providerIsOf } from './library.js';
import { belongsTo, isProvider, lackingOf } from './pieces.js';
import type { PieceSource, PlannedPiece } from './plan.js';
import { copyHashed, sha256Of, unpackWheel } from './wheel.js';
import type { PlacedFile } from './wheel.js';

/** How pieces are obtained. */
export interface Obtaining {
  /** Folder of the installation. */
  readonly dir: string;
  /** Where the libraries are laid. */
  readonly stage: string;
  /** A folder for downloads. */
  readonly downloads: string;
  /** How pip is called; needed only if something is fetched. */
  readonly pip: readonly [string, ...string[]] | undefined;
  readonly report: PullReport;
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of the present package are here. */
  readonly onBytes: (bytes: number) => void;
}

type SourceOf<Kind extends PieceSource['kind']> = Extract<PieceSource, { readonly kind: Kind }>;

/**
 * Lays the libraries of a piece into the stage and verifies them.
 * @throws ChorusError `unavailable` with what is wrong with which file, and what to do.
 */
export async function obtainPiece(
  planned: PlannedPiece,
  obtaining: Obtaining,
): Promise<InstalledPiece> {
  const { source } = planned;
  switch (source.kind) {
    case 'kept':
      return keep(source.installed, obtaining);
    case 'system':
      return linkSystem(planned, source, obtaining);
    case 'pip':
      return fetchWheel(planned, obtaining);
    case 'wheel':
      return fromWheel(planned, { origin: 'folder', ...source }, obtaining);
    case 'files':
      return copyFiles(planned, source, obtaining);
  }
}

async function keep(piece: InstalledPiece, { dir, stage }: Obtaining): Promise<InstalledPiece> {
  for (const { name, target } of piece.files) {
    if (target !== undefined) await symlink(target, join(stage, name));
    else await link(join(dir, LIBRARY_DIR, name), join(stage, name));
  }
  return piece;
}

async function linkSystem(
  planned: PlannedPiece,
  { folder, names }: SourceOf<'system'>,
  { stage, signal }: Obtaining,
): Promise<InstalledPiece> {
  const files: InstalledFile[] = [];
  for (const name of names) {
    const target = join(folder, name);
    await symlink(target, join(stage, name));
    const { size, mtimeMs } = await stat(target);
    files.push({ name, bytes: size, mtimeMs, sha256: await sha256Of(target, signal), target });
  }
  return { package: planned.piece.package, origin: 'system', from: folder, files };
}

async function copyFiles(
  planned: PlannedPiece,
  { folder, names }: SourceOf<'files'>,
  obtaining: Obtaining,
): Promise<InstalledPiece> {
  const { stage, signal } = obtaining;
  const placed: PlacedFile[] = [];
  for (const name of names) {
    const from = join(folder, name);
    placed.push(await copyHashed({ from, dir: stage, name, signal }));
  }
  const files = await verified(planned, placed, { stage, from: folder });
  return { package: planned.piece.package, origin: 'folder', from: folder, files };
}

async function fetchWheel(planned: PlannedPiece, obtaining: Obtaining): Promise<InstalledPiece> {
  const { downloads, pip, signal } = obtaining;
  const spec = `${planned.piece.package}==${planned.version}`;
  const target = join(downloads, planned.piece.package);
  await mkdir(target, { recursive: true });
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
  const result = await runClient({
    command: [...(pip ?? ['pip']), 'download', spec, ...PIP_OPTIONS, '-d', target, ...quiet],
    dir: target,
    signal,
    onFolderBytes: (bytes) => obtaining.onBytes(Math.min(bytes, planned.piece.wheelBytes)),
  });
  const wheel = (await readdir(target)).find((name) => name.endsWith('.whl'));
  if (result.kind !== 'done' || wheel === undefined) {
    const reason = result.kind === 'failed' ? result.reason : 'pip left no wheel';
    throw new ChorusError(
      'unavailable',
      `${spec} cannot be had through pip: ${reason}. Nothing was installed. Try again, or get the ` +
        'packages on another machine and name their folder: `chorus setup cuda --from FOLDER`.',
    );
  }
  obtaining.onBytes(planned.piece.wheelBytes);
  const path = join(target, wheel);
  const found = { kind: 'wheel', path, version: planned.version, origin: 'pip' } as const;
  const piece = await fromWheel(planned, found, obtaining);
  await rm(target, { recursive: true });
  return piece;
}

async function fromWheel(
  planned: PlannedPiece,
  wheel: SourceOf<'wheel'> & { readonly origin: 'pip' | 'folder' },
  { stage, signal }: Obtaining,
): Promise<InstalledPiece> {
  const { piece } = planned;
  const wanted = (name: string): boolean => belongsTo(piece, name);
  const placed = await unpackWheel({ path: wheel.path, wanted, dir: stage, signal });
  const files = await verified(planned, placed, { stage, from: wheel.path });
  const from = wheel.origin === 'pip' ? `${piece.package}==${wheel.version}` : wheel.path;
  return { package: piece.package, version: wheel.version, origin: wheel.origin, from, files };
}

/** Looks whether all libraries are there, for this machine, and of the right version. */
async function verified(
  { piece, version }: PlannedPiece,
  placed: readonly PlacedFile[],
  { stage, from }: { readonly stage: string; readonly from: string },
): Promise<InstalledFile[]> {
  const refuse = (what: string): never => {
    throw new ChorusError('unavailable', `${from}: ${what}. Nothing was installed.`);
  };
  const lacking = lackingOf(
    piece,
    placed.map(({ name }) => name),
  );
  if (lacking.length > 0) refuse(`it lacks ${lacking.join(', ')}`);
  const files: InstalledFile[] = [];
  for (const file of placed) {
    const path = join(stage, file.name);
    const fault = await libraryFault(path, file.name);
    if (fault !== undefined) refuse(`${file.name} cannot be used: ${fault}`);
    files.push({ ...file, mtimeMs: (await stat(path)).mtimeMs });
  }
  if (isProvider(piece) && !(await providerIsOf(version, stage))) {
    refuse(
      `its provider is not that of ONNX Runtime ${version}, which onnxruntime-node here has; the ` +
        `two must be equal. Take ${piece.package}==${version}`,
    );
  }
  return files;
}
