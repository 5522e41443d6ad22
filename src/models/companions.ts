import { dirname, join } from 'node:path';

import type { ModelCard } from './card.js';

/** What engines need beside the model itself: whoever hears finds the speech in the audio first. */
const COMPANIONS: Readonly<Partial<Record<ModelCard['engine'], readonly string[]>>> = {
  whisper: ['silero-vad'],
};

/** Ids of the models that a model needs beside it. */
export function companionsOf({ engine }: Pick<ModelCard, 'engine'>): readonly string[] {
  return COMPANIONS[engine] ?? [];
}

/** Their folders by id: all models lie side by side. */
export function companionDirs(card: ModelCard, modelDir: string): Readonly<Record<string, string>> {
  const parent = dirname(modelDir);
  return Object.fromEntries(companionsOf(card).map((id) => [id, join(parent, id)]));
}

/** Adds to ids of models, in their order, those that they need and that are known here. */
export function withCompanions(
  ids: readonly string[],
  cardOf: (id: string) => ModelCard | undefined,
): string[] {
  const needed = ids.flatMap((id) => {
    const card = cardOf(id);
    return card ? [id, ...companionsOf(card).filter(cardOf)] : [id];
  });
  return [...new Set(needed)];
}
