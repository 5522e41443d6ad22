import { chineseWords } from '../../speech/chinese/kokoro-phonemes.js';
import type { Phonemizer } from '../../speech/phonemizer.js';
import type { SpokenPiece, TextRun, TextSpan } from '../../speech/script.js';
import { phonemizeRun } from '../../speech/word-phonemes.js';
import { espeakVoiceOf } from './languages.js';
import { isMark, push, type Sound, type SpokenSymbol, withMarks } from './spoken-symbols.js';
import { kokoroSymbols } from './symbols.js';

/** A piece in Kokoro's symbols. */
export interface ReadPiece {
  readonly symbols: readonly SpokenSymbol[];
  /** Places in the request's text; the symbols name them by their number. */
  readonly words: readonly TextSpan[];
}

/** Who reads, and to whom. */
export interface Reading {
  readonly phonemizer: Phonemizer;
  /** Kokoro voice or mix: British voices are read English as it is said there. */
  readonly voice: string;
}

/**
 * Reads a piece run by run: Chinese by pinyin, other languages by espeak, phonemes from markup as
 * they are.
 * @throws ChorusError as {@link phonemizeRun} does.
 */
export async function readPiece(
  piece: Pick<SpokenPiece, 'runs'>,
  reading: Reading,
): Promise<ReadPiece> {
  const symbols: SpokenSymbol[] = [];
  const words: TextSpan[] = [];
  for (const run of piece.runs) {
    const read = run.kind === 'phonemes' ? phonemesAsGiven(run) : await readRun(run, reading);
    push(symbols, ' ');
    for (const { symbol, word } of read.symbols) {
      push(symbols, symbol, word === undefined ? undefined : word + words.length);
    }
    words.push(...read.words);
  }
  return { symbols, words };
}

function phonemesAsGiven({ ipa, source }: { ipa: string; source: TextSpan }): ReadPiece {
  const symbols: SpokenSymbol[] = [];
  push(symbols, kokoroSymbols(ipa, ''), 0);
  return { symbols, words: [source] };
}

async function readRun(run: TextRun, reading: Reading): Promise<ReadPiece> {
  const words = run.words.map(({ source }) => source);
  if (run.language === 'zh') return { symbols: chineseSymbols(run), words };
  return { symbols: withMarks(run.text, await espeakSounds(run, reading)), words };
}

async function espeakSounds(run: TextRun, { phonemizer, voice }: Reading): Promise<Sound[]> {
  const espeakVoice = espeakVoiceOf(run.language, voice);
  const clauses = await phonemizeRun(run, phonemizer, espeakVoice);
  const sounds: Sound[] = [];
  let before = '';
  let startsClause = true;
  for (const { stretches, terminator } of clauses) {
    for (const { phonemes, word } of stretches) {
      const symbols = kokoroSymbols(phonemes, espeakVoice).trim();
      if (symbols === '') {
        if (phonemes !== '' && before === '') before = ' ';
        continue;
      }
      const at = word === undefined ? undefined : run.words[word];
      sounds.push({ symbols, word, at, before, startsClause });
      before = '';
      startsClause = false;
    }
    before = `${terminator} `;
    startsClause = true;
  }
  return sounds;
}

/** The reader has words of its own; each belongs to the run's word that it begins in. */
function chineseSymbols(run: TextRun): SpokenSymbol[] {
  const symbols: SpokenSymbol[] = [];
  for (const { phonemes, from } of chineseWords(run.text)) {
    const word = wordAt(run, from);
    push(symbols, ' ');
    for (const symbol of phonemes) push(symbols, symbol, isMark(symbol) ? undefined : word);
  }
  return symbols;
}

function wordAt(run: TextRun, offset: number): number | undefined {
  const index = run.words.findIndex(({ from, to }) => from <= offset && offset < to);
  return index < 0 ? undefined : index;
}
