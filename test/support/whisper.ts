import { readFile, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ReplicaLoad } from '../../src/engines/engine.js';
import { whisperEngine } from '../../src/engines/whisper/engine.js';
import { loadReplica, type WhisperReplica } from '../../src/engines/whisper/replica.js';
import { cardSchema } from '../../src/models/card.js';
import { buildWhisperGraph } from '../../src/models/whisper/build.js';
import type { Precision } from '../../src/protocol/precision.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';
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

/** A word of the reference, in seconds. */
interface GoldenWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly probability: number;
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
  readonly words: Readonly<Record<WhisperId, readonly GoldenWord[]>>;
  readonly transcripts: Readonly<Record<WhisperId, GoldenTranscript>>;
}

export async function readGolden(): Promise<WhisperGolden> {
  const text = await readFile(join('test', 'golden', 'whisper.json'), 'utf8');
  return JSON.parse(text) as WhisperGolden;
}

const WAV_HEADER_BYTES = 44;

/** Nine seconds of speech, 16 kHz; see test/fixtures/make_speech.py. */
export function readSpeech(): Promise<Int16Array> {
  return readFixture('speech-16k.wav');
}

/** Five seconds of Spanish, 16 kHz; see test/fixtures/make-spanish.ts. */
export function readSpanish(): Promise<Int16Array> {
  return readFixture('spanish-16k.wav');
}

async function readFixture(name: string): Promise<Int16Array> {
  const file = await readFile(join('test', 'fixtures', name));
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
    ...(precision === undefined ? {} : { precisions: [precision] }),
  });
  return outDir;
}

/** Both halves of the engine, in this thread. */
export interface LoadedWhisper {
  readonly model: Awaited<ReturnType<typeof whisperEngine.open>>;
  readonly replica: WhisperReplica;
  close(): Promise<void>;
}

/** Opens both halves on a folder with a built graph or an export. */
export async function openWhisper(
  dir: string,
  given: Pick<ReplicaLoad, 'padded'> = {},
): Promise<LoadedWhisper> {
  const card = cardSchema.parse(CARD);
  const companions = { 'silero-vad': modelDir('silero-vad') };
  const place = { modelDir: dir, target: { kind: 'cpu' }, threads: 1, companions } as const;
  const load = { card, ...place, ...given };
  const replica = await loadReplica(load);
  const model = await whisperEngine.open(card, dir, { phonemizer: NO_PHONEMIZER });
  return {
    model,
    replica,
    close: async () => {
      await model.close();
      await replica.close();
    },
  };
}

const CARD = {
  id: 'whisper-under-test',
  name: 'Whisper under test',
  description: 'A folder that a test made',
  task: 'asr',
  engine: 'whisper',
  licence: 'MIT',
  languages: ['en'],
  files: [
    {
      path: 'none',
      bytes: 1,
      sha256: '0'.repeat(64),
      sources: [{ type: 'npm', parts: [{ package: 'none', member: 'none' }] }],
    },
  ],
};

const NO_PHONEMIZER: Phonemizer = {
  phonemize: () => Promise.reject(new Error('Recognition needs no phonemes.')),
  stopped: new Promise(() => {}),
  close: () => Promise.resolve(),
};
