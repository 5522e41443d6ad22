import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type {
  JobContext,
  LoadReplica,
  RecognitionEngine,
  RecognitionModel,
} from '../../src/engines/engine.js';
import { cardSchema } from '../../src/models/card.js';
import type { LiveEvent, LiveRequest } from '../../src/protocol/live.js';
import type { TranscriptEvent, TranscriptionRequest } from '../../src/protocol/requests.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';

/** Both halves of a recognizer, in this thread; what they say to each other is copied as on its way. */
export interface LoadedRecognizer {
  readonly model: RecognitionModel;
  /** Steps that were run. */
  readonly steps: unknown[];
  transcribe(
    pcm: Int16Array,
    request?: Partial<TranscriptionRequest>,
  ): Promise<readonly TranscriptEvent[]>;
  listen(
    audio: Iterable<Uint8Array>,
    request?: Partial<LiveRequest>,
  ): Promise<readonly LiveEvent[]>;
  close(): Promise<void>;
}

/** What it is opened on. */
export interface RecognizerHalves<Step, Result> {
  readonly engine: RecognitionEngine<Step, Result>;
  readonly loadReplica: LoadReplica<Step, Result>;
  readonly dir: string;
  readonly languages: readonly string[];
  /** Whether steps are padded to buckets, as on a GPU. */
  readonly padded?: boolean;
}

/** Opens both halves on a model's folder. */
export async function openRecognizer<Step, Result>(
  halves: RecognizerHalves<Step, Result>,
): Promise<LoadedRecognizer> {
  const { engine, loadReplica, dir, languages, padded = false } = halves;
  const card = cardSchema.parse({ ...CARD, engine: engine.name, languages });
  const load = { card, modelDir: dir, target: { kind: 'cpu' }, threads: 1, padded } as const;
  const replica = await loadReplica(load);
  const model = await engine.open(card, dir, { phonemizer: NO_PHONEMIZER });
  const steps: Step[] = [];
  const step = async (step: Step): Promise<Result> => {
    steps.push(step);
    const { result, transfer } = await replica.run(structuredClone(step), { canceled: false });
    return structuredClone(result, { transfer: [...(transfer ?? [])] });
  };
  const context: JobContext<Step, Result> = { signal: new AbortController().signal, step };
  return {
    model: model as unknown as RecognitionModel,
    steps,
    transcribe: (pcm, request = {}) =>
      withFile(pcm, (pcmPath) => {
        const whole = { model: card.id, pcmPath, samples: pcm.length, temperature: 0, ...request };
        return all(model.transcribe(whole, context));
      }),
    async listen(audio, request = {}) {
      const whole = { model: card.id, sampleRateHz: 16_000, ...request };
      const events = model.listen?.(whole, asynchronously(audio), context);
      if (!events) throw new Error('It cannot listen.');
      return all(events);
    },
    async close() {
      await model.close();
      await replica.close();
    },
  };
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const event of events) found.push(event);
  return found;
}

async function* asynchronously(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function withFile<T>(pcm: Int16Array, use: (path: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-pcm-'));
  try {
    await writeFile(join(dir, 'speech.pcm'), pcm);
    return await use(join(dir, 'speech.pcm'));
  } finally {
    await rm(dir, { recursive: true });
  }
}

const CARD = {
  id: 'under-test',
  name: 'Under test',
  description: 'A folder that a test made',
  task: 'asr',
  licence: 'MIT',
  files: [{ path: 'none', bytes: 1, sha256: '0'.repeat(64) }],
};

const NO_PHONEMIZER: Phonemizer = {
  phonemize: () => Promise.reject(new Error('Recognition needs no phonemes.')),
  stopped: new Promise(() => {}),
  close: () => Promise.resolve(),
};
