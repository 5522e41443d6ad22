import { readFile, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../models/write-whole.js';
import { ChorusError } from '../protocol/errors.js';
import { CUDA_PIECES, lackingOf, RUNTIME, versionOf } from './pieces.js';
import type { CudaPiece } from './pieces.js';
import { sha256Of } from './wheel.js';

/** Name of the record in an installation's folder. */
export const RECORD_NAME = 'installation.json';
/** Name of the folder with the libraries: a link to the present one, so that it changes in one step. */
export const LIBRARY_DIR = 'lib';
const FORMAT = 1;

const fileName = z.string().regex(/^[A-Za-z0-9_+][A-Za-z0-9_.+-]*$/);

const fileSchema = z.object({
  name: fileName,
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mtimeMs: z.number(),
  /** Where the file really lies, if it is the system's: ours is a link to it then. */
  target: z.string().refine(isAbsolute).optional(),
});

const pieceSchema = z.object({
  package: z.string(),
  /** Undefined where files without a package were taken. */
  version: z.string().optional(),
  /** `pip`, `folder`: copied from there; `system`: linked to; `onnxruntime-node`: our own library. */
  origin: z.enum(['pip', 'folder', 'system', 'onnxruntime-node']),
  /** The folder or the wheel that it is from. */
  from: z.string(),
  files: z.array(fileSchema).min(1),
});

const recordSchema = z.object({
  format: z.literal(FORMAT),
  installedAt: z.string(),
  /** Version of the onnxruntime-node that the installation is for. */
  onnxruntimeVersion: z.string(),
  cudaMajor: z.number().int(),
  leastDriver: z.number().int(),
  /** Folders that the loader shall search, first to last; relative ones lie in the installation. */
  libraryPath: z.array(z.string().min(1)).min(1),
  pieces: z.array(pieceSchema).min(1),
});

/** What `installation.json` says. */
export type InstallationRecord = z.infer<typeof recordSchema>;
/** One package, or one folder's libraries, in a record. */
export type InstalledPiece = z.infer<typeof pieceSchema>;
/** One library in a record. */
export type InstalledFile = z.infer<typeof fileSchema>;

/** CUDA's libraries as `chorus setup cuda` has laid them down. */
export interface CudaInstallation {
  readonly dir: string;
  readonly record: InstallationRecord;
}

/**
 * Reads the record of an installation; undefined if the folder holds none.
 * @throws ChorusError `unavailable` if there is a record that cannot be read or understood.
 */
export async function readCudaInstallation(dir: string): Promise<CudaInstallation | undefined> {
  const path = join(dir, RECORD_NAME);
  try {
    return { dir, record: recordSchema.parse(JSON.parse(await readFile(path, 'utf8'))) };
  } catch (caught) {
    const code = (caught as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const why = code === undefined ? 'it is damaged, or of another version of Chorus' : code;
    const message = `${path} cannot be used: ${why}. Run \`chorus setup cuda\`: it mends that.`;
    throw new ChorusError('unavailable', message, {}, { cause: caught });
  }
}

/** Writes the record, whole or not at all. */
export function writeRecord(
  dir: string,
  record: Omit<InstallationRecord, 'format'>,
): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, ...record }, undefined, 2);
  return writeWhole(join(dir, RECORD_NAME), `${text}\n`);
}

/** The folders of an installation that the loader must search. */
export function libraryFolders({ dir, record }: CudaInstallation): readonly string[] {
  return record.libraryPath.map((folder) => (isAbsolute(folder) ? folder : join(dir, folder)));
}

/**
 * What a process that computes on a GPU needs in its environment: ours is searched first, then what
 * was set. onnxruntime-node then loads the copy of its own library that lies beside the provider.
 * @param env Environment that the process would have otherwise.
 */
export function cudaEnvironment(
  installation: CudaInstallation | undefined,
  env: NodeJS.ProcessEnv,
): { readonly LD_LIBRARY_PATH?: string } {
  if (installation === undefined) return {};
  const set = env['LD_LIBRARY_PATH'];
  const folders = [...libraryFolders(installation), ...(set ? [set] : [])];
  return { LD_LIBRARY_PATH: folders.join(delimiter) };
}

/** How closely to look at files. */
export type Thoroughness =
  /** At their sizes. */
  | 'sizes'
  /** At their times too; at the content where those are not as recorded. */
  | 'times'
  /** At the content. */
  | 'contents';

/** Says what is wrong with a recorded file; undefined if nothing is. */
export async function fileFault(
  installation: CudaInstallation,
  file: InstalledFile,
  thoroughness: Thoroughness,
): Promise<string | undefined> {
  const path = join(installation.dir, LIBRARY_DIR, file.name);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    return `${file.name} is missing${file.target === undefined ? '' : ` (it was ${file.target})`}`;
  }
  if (found.size !== file.bytes) {
    return `${file.name} has ${found.size} bytes instead of ${file.bytes}`;
  }
  if (thoroughness === 'sizes') return undefined;
  if (thoroughness === 'times' && found.mtimeMs === file.mtimeMs) return undefined;
  return (await sha256Of(path)) === file.sha256 ? undefined : `${file.name} is damaged`;
}

/** Says what is wrong with the files of a recorded piece. */
export async function pieceFaults(
  installation: CudaInstallation,
  { files }: InstalledPiece,
  thoroughness: Thoroughness,
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const file of files) {
    const fault = await fileFault(installation, file, thoroughness);
    if (fault !== undefined) faults.push(fault);
  }
  return faults;
}

/** What an installation is compared with. */
export interface Expectation {
  readonly version: string;
  readonly thoroughness: Thoroughness;
  readonly pieces?: readonly CudaPiece[];
}

/**
 * Says what is wrong with an installation: made for another onnxruntime-node, pieces that it lacks,
 * files that are missing or not what was recorded. Empty = it is in place.
 */
export async function installationFaults(
  installation: CudaInstallation,
  { version, thoroughness, pieces = CUDA_PIECES }: Expectation,
): Promise<readonly string[]> {
  const { record } = installation;
  const faults: string[] = [];
  if (record.onnxruntimeVersion !== version) {
    faults.push(`it is for onnxruntime-node ${record.onnxruntimeVersion}, and ${version} is here`);
  }
  for (const piece of pieces) {
    const names = recordedNames(record, piece.package);
    const lacking = lackingOf(piece, names);
    if (lacking.length > 0)
      faults.push(`${piece.package} ${versionOf(piece, version)} lacks ${lacking.join(', ')}`);
  }
  if (!recordedNames(record, 'onnxruntime-node').includes(RUNTIME))
    faults.push(`${RUNTIME} is missing`);
  for (const piece of record.pieces) {
    faults.push(...(await pieceFaults(installation, piece, thoroughness)));
  }
  return faults;
}

function recordedNames(record: InstallationRecord, name: string): readonly string[] {
  const piece = record.pieces.find((one) => one.package === name);
  return piece?.files.map((file) => file.name) ?? [];
}
