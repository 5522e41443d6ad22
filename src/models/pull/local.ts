import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { KnownFile, ModelCard, ModelFile } from '../card.js';
import type { ContentCache } from './content-cache.js';
import { gather, wrongContent } from './gather.js';
import type { Attempt } from './gather.js';

/** Names that a file may have in a folder that somebody filled by hand. */
function candidates(card: ModelCard, file: ModelFile): string[] {
  const remote = file.sources.flatMap((source) => ('path' in source ? [source.path] : []));
  const names = [
    file.path,
    join(card.id, file.path),
    ...remote,
    basename(file.path),
    ...remote.map((path) => basename(path)),
  ];
  return [...new Set(names)];
}

/** Gathers a file from a local folder (`--from`), by its path on the card or at its source. */
export async function copyLocal(wanted: {
  readonly from: string;
  readonly card: ModelCard;
  readonly file: ModelFile;
  readonly cache: ContentCache;
  readonly onBytes: (bytes: number) => void;
}): Promise<Attempt> {
  const { from, card, file, cache, onBytes } = wanted;
  for (const name of candidates(card, file)) {
    const source = join(from, name);
    const found = await stat(source).catch(() => undefined);
    if (found?.isFile() !== true) continue;
    const path = cache.partialPath(file);
    const chunks = createReadStream(source, {
      highWaterMark: 1 << 20,
    }) as AsyncIterable<Uint8Array>;
    const maxBytes = file.sha256 === undefined ? found.size : file.bytes;
    const gathered = await gather({ path, maxBytes, fromByte: 0, chunks, onBytes });
    // Without a hash on the card, what the operator's own folder has is what it must be.
    const expected: KnownFile = { ...file, sha256: file.sha256 ?? gathered.sha256 };
    if (gathered.sha256 === expected.sha256) {
      const got = { ...expected, bytes: gathered.bytes };
      await cache.adopt(file, got);
      return { kind: 'got', file: got };
    }
    await cache.discard(file);
    throw wrongContent(expected, { model: card.id, source }, gathered);
  }
  return { kind: 'skipped', reason: `${from} has no ${candidates(card, file).join(' or ')}` };
}
