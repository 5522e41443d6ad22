import { describe, expect, it } from 'vitest';

import { readWhisperInfo } from '../../src/models/whisper/info.js';
import { LANGUAGE_NAMES, languageName } from '../../src/speech/languages.js';
import { modelDir } from '../support/models.js';

describe('LANGUAGE_NAMES', () => {
  it('names every language of a multilingual model', async () => {
    const { tokens } = await readWhisperInfo(modelDir('whisper-base'), 51_865);
    // Javanese stands there under its withdrawn code too.
    const codes = Object.keys(tokens.languages).filter((code) => code !== 'jw');
    expect(codes).toHaveLength(99);
    expect(codes.filter((code) => LANGUAGE_NAMES[code] === undefined)).toEqual([]);
    expect(tokens.languages['jv']).toBe(tokens.languages['jw']);
  });

  it('gives the code of a language that it does not know', () => {
    expect(languageName('de')).toBe('german');
    expect(languageName('tlh')).toBe('tlh');
  });
});
