import { describe, expect, it } from 'vitest';

import { cardSchema, type ModelCard } from '../../src/models/card.js';
import { companionDirs, withCompanions } from '../../src/models/companions.js';

const card = (id: string, engine: ModelCard['engine']): ModelCard =>
  cardSchema.parse({
    id,
    name: id,
    description: id,
    task: engine === 'whisper' ? 'asr' : 'tts',
    engine,
    licence: 'MIT',
    languages: ['en'],
    files: [{ path: 'a', bytes: 1, sha256: '0'.repeat(64) }],
  });

const CARDS = new Map(
  [
    card('ears', 'whisper'),
    card('more-ears', 'whisper'),
    card('voice', 'piper'),
    card('silero-vad', 'none'),
  ].map((one) => [one.id, one]),
);

describe('withCompanions', () => {
  it('adds what recognition needs, once', () => {
    const found = withCompanions(['voice', 'ears', 'more-ears'], (id) => CARDS.get(id));
    expect(found).toEqual(['voice', 'ears', 'silero-vad', 'more-ears']);
  });

  it('adds nothing that is unknown here, and leaves unknown ids to others', () => {
    const only = (id: string) => (id === 'ears' ? CARDS.get(id) : undefined);
    expect(withCompanions(['ears', 'nobody'], only)).toEqual(['ears', 'nobody']);
  });
});

describe('companionDirs', () => {
  it('finds them beside the model', () => {
    expect(companionDirs(card('ears', 'whisper'), '/models/ears')).toEqual({
      'silero-vad': '/models/silero-vad',
    });
    expect(companionDirs(card('voice', 'piper'), '/models/voice')).toEqual({});
  });
});
