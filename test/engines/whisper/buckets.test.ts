import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bucketOf } from '../../../src/engines/buckets.js';
import { whisperBuckets } from '../../../src/engines/whisper/buckets.js';
import type { WhisperResult, WhisperStep } from '../../../src/engines/whisper/steps.js';
import { paddedFrames, WINDOW_FRAMES } from '../../../src/engines/whisper/window-size.js';
import { readCard } from '../../../src/models/card-file.js';
import { modelDir } from '../../support/models.js';
import {
  openWhisper,
  readSpanish,
  readSpeech,
  type LoadedWhisper,
  type WhisperId,
} from '../../support/whisper.js';

const NEVER_CANCELED = { canceled: false };
const RATE_HZ = 16_000;

describe('the windows of Whisper', () => {
  const { windowFrames } = whisperBuckets({});

  it.each([true, false])('all have a bucket, tail: %s', (isTailed) => {
    for (let frames = 1; frames <= WINDOW_FRAMES; frames += 1) {
      for (const isGuess of [true, false]) {
        const padded = paddedFrames(frames, { isTailed, isGuess });
        expect(windowFrames).toContain(bucketOf(padded, windowFrames));
      }
    }
  });

  it.each<WhisperId>(['whisper-tiny.en', 'whisper-base'])(
    'of %s are those of its card',
    async (id) => {
      const card = await readCard(`models/${id}/model.yaml`, id);
      expect(whisperBuckets(card)).toEqual(card.buckets);
      expect(card.buckets).toEqual(whisperBuckets({}));
    },
  );
});

describe.each<WhisperId>(['whisper-tiny.en', 'whisper-base'])('%s in buckets', (id) => {
  let plain: LoadedWhisper;
  let padding: LoadedWhisper;

  beforeAll(async () => {
    plain = await openWhisper(modelDir(id));
    padding = await openWhisper(modelDir(id), { padded: true });
  });
  afterAll(async () => {
    await plain.close();
    await padding.close();
  });

  it('writes what it writes without them', async () => {
    const speech = await readSpeech();
    const clips = [
      speech.slice(0, 3 * RATE_HZ),
      speech.slice(3 * RATE_HZ, 6 * RATE_HZ),
      speech,
      ...(id === 'whisper-base' ? [await readSpanish()] : []),
    ];
    for (const clip of clips) {
      const expected = await textsOf(plain, clip);
      expect(expected.join('').length).toBeGreaterThan(10);
      expect(await textsOf(padding, clip)).toEqual(expected);
    }
  });

  // What is run is no matter of the weights.
  it.runIf(id === 'whisper-tiny.en')('runs each of them when it is warmed up', async () => {
    const steps: WhisperStep[][] = [];
    const run = async (some: readonly WhisperStep[]): Promise<readonly WhisperResult[]> => {
      steps.push([...some]);
      const controls = some.map(() => NEVER_CANCELED);
      const outputs = await padding.replica.runTogether?.(some, controls);
      return (outputs ?? []).map(({ result }) => result);
    };
    const context = {
      signal: new AbortController().signal,
      step: async (step: WhisperStep | (() => WhisperStep)) =>
        (await run([step as WhisperStep]))[0] as WhisperResult,
      together: run,
    };
    await padding.model.warmUp?.(context);
    expect(steps.map(([step]) => step?.type)).toEqual(['speech', 'window']);
    steps.length = 0;
    const { windowFrames, batch } = whisperBuckets({});
    expect(await padding.model.warmBuckets?.(context)).toEqual({ windowFrames, batch });
    const single = steps.slice(0, windowFrames.length).flat();
    expect(single.map((step) => step.type === 'window' && step.totalFrames)).toEqual(windowFrames);
    expect(steps.slice(windowFrames.length).map(({ length }) => length)).toEqual(batch);
  });
});

async function textsOf({ model, replica }: LoadedWhisper, pcm: Int16Array): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-buckets-'));
  try {
    const pcmPath = join(folder, 'audio.pcm');
    await writeFile(pcmPath, pcm);
    const request = { model: 'm', pcmPath, samples: pcm.length, temperature: 0 };
    const context = {
      signal: new AbortController().signal,
      step: async (step: WhisperStep | (() => WhisperStep)) =>
        (await replica.run(step as WhisperStep, NEVER_CANCELED)).result,
    };
    const texts: string[] = [];
    for await (const event of model.transcribe(request, context)) {
      if (event.type === 'segment') texts.push(event.segment.text);
    }
    return texts;
  } finally {
    await rm(folder, { recursive: true });
  }
}
