import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { ChorusError } from '../../protocol/errors.js';
import type { Precision } from '../../protocol/precision.js';
import type { KnownFile, ModelFile } from '../card.js';
import type { CatalogueEntry } from '../catalogue.js';
import { modelState, writeMark, type FileState, type VerifiedMark } from '../model-state.js';
import { isKnown, recordFile } from '../recorded.js';
import { bestOf, type Wish } from '../variants.js';
import { hashFile, sizeOf } from './content-cache.js';
import type { ContentCache } from './content-cache.js';
import { sayBytes } from './disk-space.js';
import type { PullReport } from './events.js';
import type { HubClient } from './hub.js';
import type { PackageStore } from './packages.js';
import { placeFile } from './place.js';
import { obtain } from './sources.js';
import type { Obtained, SourceOptions } from './sources.js';

/** What files are fetched with. */
export interface FetchSession extends SourceOptions {
  readonly report: PullReport;
  readonly cache: ContentCache;
  readonly hub: HubClient;
}

/** What was fetched of a model. */
export interface Fetched {
  readonly files: number;
  readonly bytes: number;
  /** One for each wish. */
  readonly precisions: readonly Precision[];
}

/** Fetches what a model's folder lacks, file by file. */
export class FileFetcher {
  readonly #entry: CatalogueEntry;
  readonly #mark: VerifiedMark;
  readonly #session: FetchSession;
  readonly #packages: PackageStore;
  #files = 0;
  #doneBytes = 0;
  #totalBytes = 0;

  /** @param mark Is told what was verified, and written. */
  constructor(
    entry: CatalogueEntry,
    mark: VerifiedMark,
    using: { readonly session: FetchSession; readonly packages: PackageStore },
  ) {
    this.#entry = entry;
    this.#mark = mark;
    this.#session = using.session;
    this.#packages = using.packages;
  }

  /**
   * Fetches the files of all variants, and for each wish those of its first variant that can be had.
   * @throws ChorusError `unavailable` if nothing of a wish can be had.
   */
  async fetch(wishes: readonly Wish[]): Promise<Fetched> {
    const missing = await this.#missing(bestOf(wishes));
    this.#totalBytes = bytesOf(missing);
    await this.#fetchAll(missing.filter(({ variant }) => variant === undefined));
    const precisions: Precision[] = [];
    for (const wish of wishes) {
      const precision = await this.#grant(wish);
      if (precision !== undefined) precisions.push(precision);
    }
    return { files: this.#files, bytes: this.#doneBytes, precisions };
  }

  async #grant(wish: Wish): Promise<Precision | undefined> {
    for (const [index, precision] of wish.entries()) {
      const next = wish[index + 1];
      try {
        const missing = await this.#missing([precision]);
        if (index > 0) this.#totalBytes += bytesOf(missing);
        await this.#fetchAll(missing);
        return precision;
      } catch (caught) {
        const isOutOfReach = caught instanceof ChorusError && caught.code === 'unavailable';
        if (!isOutOfReach || next === undefined) throw caught;
        this.#note(`${caught.message}\nIts variant ${precision} is out of reach: ${next} then`);
      }
    }
    return undefined;
  }

  /** Files to fetch. Files that lie there unverified, put by hand perhaps, are verified first. */
  async #missing(precisions: readonly Precision[]): Promise<ModelFile[]> {
    const { dir } = this.#entry;
    const { files } = await modelState(this.#entry, precisions);
    const missing: ModelFile[] = [];
    for (const { file, state } of files) {
      if (await this.#isRight(file, state)) continue;
      if ((await sizeOf(join(dir, file.path))) > 0) {
        this.#note(`${file.path} is there, but it is not the file of the card: fetching it anew`);
      }
      missing.push(file);
    }
    await writeMark(dir, this.#mark);
    return missing;
  }

  async #isRight(file: ModelFile, state: FileState): Promise<boolean> {
    if (state === 'verified') return true;
    if (state === 'absent') return false;
    const { dir } = this.#entry;
    const path = join(dir, file.path);
    const sha256 = (await hashFile(path)).digest('hex');
    const found = { ...file, sha256, bytes: await sizeOf(path) };
    if (!isKnown(file)) await this.#trust({ file: found, source: dir });
    if (sha256 !== (file.sha256 ?? sha256)) return false;
    this.#mark.files[file.path] = await placedAs(path, found);
    return true;
  }

  async #fetchAll(missing: readonly ModelFile[]): Promise<void> {
    const { dir } = this.#entry;
    for (const file of missing) {
      this.#session.signal?.throwIfAborted();
      await this.#fetchOne(file);
    }
    if (missing.length > 0) await writeMark(dir, this.#mark);
  }

  async #fetchOne(file: ModelFile): Promise<void> {
    const { card, dir } = this.#entry;
    const { cache, hub, report } = this.#session;
    const model = card.id;
    const [before, totalBytes] = [this.#doneBytes, this.#totalBytes];
    let toldBytes = 0;
    const onBytes = (bytes: number, source: string): void => {
      if (bytes === toldBytes) return;
      toldBytes = bytes;
      report({ type: 'progress', model, receivedBytes: before + bytes, totalBytes, source });
    };
    const own = { packages: this.#packages, options: this.#session };
    const obtained = await obtain({ card, file, cache, hub, ...own, report, onBytes });
    if (!isKnown(file)) await this.#trust(obtained);
    const cached = cache.path(obtained.file);
    this.#mark.files[file.path] = await placeFile({ cached, dir, file: obtained.file, model });
    this.#doneBytes += obtained.file.bytes;
    this.#files += 1;
  }

  /** Records what a file is of which nobody has said it, and says so. */
  async #trust({ file, source }: Obtained): Promise<void> {
    await recordFile(this.#entry.dir, file, source);
    this.#note(
      `${file.path}: its card names no hash, so what came from ${source} is trusted and recorded: ` +
        `sha256 ${file.sha256}, ${sayBytes(file.bytes)}. From now on nothing else is accepted. ` +
        'Compare it with a copy that you trust.',
    );
  }

  #note(message: string): void {
    this.#session.report({ type: 'note', model: this.#entry.card.id, message });
  }
}

function bytesOf(files: readonly ModelFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

async function placedAs(path: string, file: KnownFile): Promise<VerifiedMark['files'][string]> {
  const { size, mtimeMs } = await stat(path);
  return { sha256: file.sha256, bytes: size, mtimeMs };
}
