import type { CatalogueEntry } from './catalogue.js';
import { readCut } from './piper/cut-file.js';

/** In which pieces a voice's audio is made, and so how soon it is heard. */
export interface Streaming {
  /** `windows` = inside a sentence, `sentences` = one whole sentence after another. */
  readonly unit: 'windows' | 'sentences';
  /** Why it is not windows. */
  readonly reason?: string;
}

const KOKORO_REASON = 'it normalises over the whole utterance; its first one is a clause';

/** Says how a speech model streams, pulled or not; undefined for models that do not speak. */
export async function streamingOf({
  card,
  dir,
}: Pick<CatalogueEntry, 'card' | 'dir'>): Promise<Streaming | undefined> {
  if (card.engine === 'kokoro') return { unit: 'sentences', reason: KOKORO_REASON };
  if (card.engine !== 'piper') return undefined;
  const cut = await readCut(dir).catch(() => undefined);
  if (cut?.streaming === 'windows') return { unit: 'windows' };
  return { unit: 'sentences', reason: cut?.reason ?? whyNotCut(card) };
}

function whyNotCut({ id, build }: CatalogueEntry['card']): string {
  if (build?.kind === 'piper-cut') return `its graph is not cut yet: run \`chorus pull ${id}\``;
  return 'its card has no `build: { kind: piper-cut, outputs: [cut.json] }`';
}
