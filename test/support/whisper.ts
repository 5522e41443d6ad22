import { readFile, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildWhisperGraph } from '../../src/models/whisper/build.js';
import type { Precision } from '../../src/models/whisper/layers.js';
import { modelDir } from './models.js';

/** The Whisper models whose weights the tests have. */
export type WhisperId = 'whisper-tiny.en' | 'whisper-base';

interface GoldenFilters {
  readonly first: readonly number[];
  readonly peak: readonly number[];
  readonly peakValue: readonly number[];
  readonly sum: readonly number[];
}

interface GoldenNetwork {
  readonly prompt: readonly number[];
  readonly hiddenEvery: readonly [number, number];
  readonly hidden: readonly number[];
  readonly topIds: readonly number[];
  readonly topLogits: readonly number[];
  readonly logitsEvery: number;
  readonly logits: readonly number[];
  readonly noSpeechProb: number;
}

interface GoldenTranscript {
  readonly language: string;
  readonly segments: readonly {
    readonly start: number;
    readonly end: number;
    readonly text: string;
    readonly avgLogprob: number;
  }[];
}

/** Numbers of the reference; see test/golden/make_whisper.py. */
export interface WhisperGolden extends Readonly<Record<WhisperId, GoldenNetwork>> {
  readonly filters80: GoldenFilters;
  readonly filters128: GoldenFilters;
  readonly melEvery: readonly [number, number];
  readonly mel: readonly number[];
  readonly transcripts: Readonly<Record<WhisperId, GoldenTranscript>>;
}

export async function readGolden(): Promise<WhisperGolden> {
  const text = await readFile(join('test', 'golden', 'whisper.json'), 'utf8');
  return JSON.parse(text) as WhisperGolden;
}

const WAV_HEADER_BYTES = 44;

/** Nine seconds of speech, 16 kHz; see test/fixtures/make_speech.py. */
export async function readSpeech(): Promise<Int16Array> {
  const file = await readFile(join('test', 'fixtures', 'speech-16k.wav'));
  return new Int16Array(Uint8Array.from(file.subarray(WAV_HEADER_BYTES)).buffer);
}

/** Builds a model's graph in a fresh folder that has its tokenizer and configuration too. */
export async function buildInTemporary(id: WhisperId, precision?: Precision): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'chorus-whisper-'));
  const from = modelDir(id);
  for (const name of ['tokenizer.json', 'config.json']) {
    await symlink(join(from, name), join(outDir, name));
  }
  await buildWhisperGraph({
    modelDir: from,
    outDir,
    ...(precision === undefined ? {} : { precision }),
  });
  return outDir;
}
