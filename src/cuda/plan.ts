import { ChorusError } from '../protocol/errors.js';
import type { Binding } from './binding.js';
import { lookInFolder } from './from-folder.js';
import { pieceFaults } from './installation.js';
import type { CudaInstallation, InstalledPiece } from './installation.js';
import type { Machine } from './machine.js';
import { lackingOf, versionOf } from './pieces.js';
import type { CudaPiece } from './pieces.js';
import { searchSystem } from './search.js';

/** Where a piece is taken from. */
export type PieceSource =
  /** It is installed already, and sound. */
  | { readonly kind: 'kept'; readonly installed: InstalledPiece }
  /** The system has it; ours will be links. */
  | { readonly kind: 'system'; readonly folder: string; readonly names: readonly string[] }
  /** It is fetched through pip. */
  | { readonly kind: 'pip' }
  /** A wheel of the user's folder. */
  | { readonly kind: 'wheel'; readonly path: string; readonly version: string }
  /** Libraries of the user's folder. */
  | { readonly kind: 'files'; readonly folder: string; readonly names: readonly string[] };

/** A piece and where it is taken from. */
export interface PlannedPiece {
  readonly piece: CudaPiece;
  readonly version: string;
  readonly source: PieceSource;
}

/** What a set-up will do. */
export interface CudaPlan {
  readonly dir: string;
  readonly onnxruntimeVersion: string;
  readonly machine: Machine;
  readonly pieces: readonly PlannedPiece[];
  /** What is to be mended, and what of the system is passed over. */
  readonly notes: readonly string[];
  /** Bytes to be fetched through pip. */
  readonly fetchBytes: number;
  /** Bytes that will lie in the folder anew. */
  readonly installBytes: number;
}

/** What a plan is made from. */
export interface PlanOptions {
  readonly dir: string;
  readonly binding: Binding;
  readonly machine: Machine;
  readonly pieces: readonly CudaPiece[];
  /** What lies in the folder. */
  readonly present: CudaInstallation | undefined;
  readonly faults: readonly string[];
  /** A folder to take everything from, and from nowhere else. */
  readonly from?: string | undefined;
  /** Whether what the system has is used. */
  readonly useSystem: boolean;
  /** `LD_LIBRARY_PATH`. */
  readonly libraryPath: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decides where each piece is taken from: what is installed and sound is kept, then comes what the
 * system has, then what pip fetches; or else all that is not kept comes from the user's folder.
 * @throws ChorusError `unavailable` if the user's folder lacks something.
 */
export async function makePlan(options: PlanOptions): Promise<CudaPlan> {
  const { dir, binding, machine, pieces, from } = options;
  const { version } = binding;
  const kept = await keptPieces(options);
  const missing = pieces.filter((piece) => !kept.has(piece.package));
  const notes = [...options.faults];
  let sources: ReadonlyMap<string, PieceSource>;
  if (from !== undefined) sources = await lookInFolder(from, missing, version);
  else {
    const system = await systemSources(missing, options);
    sources = system.sources;
    notes.push(...system.notes);
  }
  const planned = pieces.map((piece) => {
    const source = kept.get(piece.package) ?? sources.get(piece.package) ?? { kind: 'pip' };
    return { piece, version: versionOf(piece, version), source };
  });
  return {
    ...{ dir, machine, notes, onnxruntimeVersion: version, pieces: planned },
    fetchBytes: sumOf(planned, ['pip'], 'wheelBytes'),
    installBytes: sumOf(planned, ['pip', 'wheel', 'files'], 'libraryBytes'),
  };
}

async function keptPieces(options: PlanOptions): Promise<Map<string, PieceSource>> {
  const { present, pieces, binding } = options;
  const kept = new Map<string, PieceSource>();
  for (const piece of pieces) {
    const installed = present?.record.pieces.find((one) => one.package === piece.package);
    if (present === undefined || installed === undefined) continue;
    const isOther =
      piece.version === undefined && present.record.onnxruntimeVersion !== binding.version;
    const unwanted = installed.origin === 'system' && !options.useSystem;
    const names = installed.files.map(({ name }) => name);
    if (isOther || unwanted || lackingOf(piece, names).length > 0) continue;
    const faults = await pieceFaults(present, installed, 'times');
    if (faults.length === 0) kept.set(piece.package, { kind: 'kept', installed });
  }
  return kept;
}

async function systemSources(
  pieces: readonly CudaPiece[],
  { useSystem, libraryPath, binding, signal }: PlanOptions,
): Promise<{ readonly sources: Map<string, PieceSource>; readonly notes: readonly string[] }> {
  if (!useSystem || pieces.length === 0) return { sources: new Map(), notes: [] };
  const { version } = binding;
  const { found, passedOver } = await searchSystem(pieces, { libraryPath, version, signal });
  const sources = new Map<string, PieceSource>();
  for (const [name, place] of found) sources.set(name, { kind: 'system', ...place });
  return { sources, notes: passedOver.map((line) => `not used: ${line}`) };
}

function sumOf(
  planned: readonly PlannedPiece[],
  kinds: readonly PieceSource['kind'][],
  size: 'wheelBytes' | 'libraryBytes',
): number {
  const counted = planned.filter(({ source }) => kinds.includes(source.kind));
  return counted.reduce((sum, { piece }) => sum + piece[size], 0);
}

/** @throws ChorusError `not_implemented` with all that keeps the machine from it. */
export function assertFit(problems: readonly string[]): void {
  if (problems.length > 0) throw new ChorusError('not_implemented', problems.join('\n'));
}
