import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readPiece } from '../../src/engines/kokoro/read-piece.js';
import { kokoroSymbols } from '../../src/engines/kokoro/symbols.js';
import { VOCABULARY } from '../../src/engines/kokoro/vocabulary.js';
import { voiceIds, type VoiceSymbol, voiceSymbols } from '../../src/engines/piper/phoneme-ids.js';
import { readVoiceConfig, type VoiceConfig } from '../../src/engines/piper/voice-config.js';
import type { PhonemeClause, Phonemizer } from '../../src/speech/phonemizer.js';
import type { SpokenWord } from '../../src/speech/script.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import type { SpokenClause } from '../../src/speech/word-phonemes.js';
import { modelDir } from '../support/models.js';

interface PiperRow {
  readonly text: string;
  readonly phonemes: readonly string[];
  readonly ids: readonly (readonly number[])[];
}

interface KokoroRow {
  readonly text: string;
  readonly phonemes: string;
}

/** What stands between white space, without the marks around it. */
function wordsOf(text: string): SpokenWord[] {
  return [...text.matchAll(/[\p{L}\p{N}$£€](?:\S*[\p{L}\p{N}%])?/gu)].map(({ 0: word, index }) => {
    const to = index + word.length;
    return { from: index, to, source: { start: index, end: to } };
  });
}

/** A clause of which nobody asks which words it has. */
function spoken({ phonemes, ...clause }: PhonemeClause): SpokenClause {
  return { ...clause, stretches: [{ phonemes }] };
}

function textOf(symbols: readonly VoiceSymbol[]): string {
  return symbols.map(({ symbol }) => symbol).join('');
}

function golden<Row>(name: string): Row[] {
  const text = readFileSync(join(process.cwd(), 'test/golden', name), 'utf8');
  return (JSON.parse(text) as { rows: Row[] }).rows;
}

describe('phonemes of 32 varied English sentences', () => {
  let phonemizer: Phonemizer;
  let config: VoiceConfig;

  beforeAll(async () => {
    phonemizer = await createPhonemizer();
    config = await readVoiceConfig(modelDir('piper-en-us-joe'));
  });

  afterAll(async () => {
    await phonemizer?.close();
  });

  /** Ids of each sentence that the phonemizer itself finds, as the reference groups them. */
  function idsBySentence(clauses: readonly PhonemeClause[]): number[][] {
    const groups: PhonemeClause[][] = [[]];
    for (const clause of clauses) {
      groups.at(-1)?.push(clause);
      if (clause.endsSentence) groups.push([]);
    }
    return groups
      .filter((group) => group.length > 0)
      .map((group) => [...voiceIds(voiceSymbols(group.map(spoken)), config.phoneme_id_map).ids]);
  }

  it('have the ids of piper-tts, but for the ʲ that its fork of espeak adds', async () => {
    const rows = golden<PiperRow>('piper-ids.json');
    expect(rows.length).toBeGreaterThanOrEqual(30);
    const palatal = config.phoneme_id_map['ʲ']?.[0];
    const pad = config.phoneme_id_map['_']?.[0];
    const without = (ids: readonly number[]): number[] =>
      ids.filter((id, at) => id !== palatal && !(id === pad && ids[at - 1] === palatal));
    const differing: string[] = [];
    for (const row of rows) {
      const ours = idsBySentence(await phonemizer.phonemize(row.text, config.espeak.voice));
      const same = JSON.stringify(ours) === JSON.stringify(row.ids.map(without));
      if (!same) differing.push(row.text);
    }
    // The reference runs the words around an ellipsis together: "waitwhat".
    expect(differing).toEqual(['Wait... what happened?']);
  });

  it('have the symbols of kokoro-onnx, but for marks that end no clause', async () => {
    const rows = golden<KokoroRow>('kokoro-ids.json');
    const differing: string[] = [];
    for (const row of rows) {
      const run = {
        kind: 'text' as const,
        language: 'en',
        text: row.text,
        words: wordsOf(row.text),
      };
      const { symbols } = await readPiece({ runs: [run] }, { phonemizer, voice: 'af_heart' });
      const ours = symbols.map(({ symbol }) => symbol).join('');
      if (ours.trim() !== kokoroSymbols(row.phonemes, 'en-us')) differing.push(row.text);
    }
    expect(differing).toEqual([
      // The reference cuts numbers and addresses at their marks: "two. five percent" for 2.5 %.
      'On March 3rd, 2024, we met at 10:30 a.m.',
      'Wait... what happened?',
      'The U.S. economy grew by 2.5% last year.',
      // It pauses at the stops of abbreviations.
      "Mr. and Mrs. O'Neil live at 221B Baker Street.",
      'E.g. apples, pears, etc. are fruit.',
      'Email me at bob@example.com, please.',
      'The ratio is 3:1, more or less.',
      'Prof. Jones, Ph.D., teaches physics.',
      'NASA launched a rocket at 5 p.m. yesterday.',
    ]);
  });

  it('stay in one sentence after an abbreviation, and words stay apart', async () => {
    const clauses = await phonemizer.phonemize('Mrs. Hill waits... and waits.', 'en-us');
    expect(textOf(voiceSymbols(clauses.map(spoken)))).toBe('mˈɪsɪz hˈɪl wˈeɪts ænd wˈeɪts.');
  });

  it('of a text without words are none', async () => {
    for (const text of ['', '...', '?!', '  ', '—']) {
      expect(await phonemizer.phonemize(text, 'en-us')).toEqual([]);
    }
  });
});

it("Kokoro's vocabulary has its 114 symbols with their ids", () => {
  expect(VOCABULARY.size).toBe(114);
  expect(VOCABULARY.get(';')).toBe(1);
  expect(VOCABULARY.get('\u0303')).toBe(17);
  expect(VOCABULARY.get('ɡ')).toBe(92);
  expect(VOCABULARY.get('ᵻ')).toBe(177);
});
