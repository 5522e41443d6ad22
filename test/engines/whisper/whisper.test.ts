import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { WindowStep } from '../../../src/engines/whisper/steps.js';
import type { TranscriptEvent, TranscriptionRequest } from '../../../src/protocol/requests.js';
import {
  buildInTemporary,
  openWhisper,
  readGolden,
  readSpeech,
  type LoadedWhisper,
  type WhisperGolden,
  type WhisperId,
} from '../../support/whisper.js';

const RATE_HZ = 16_000;
const SENTENCES = [
  ' The station was quiet when the morning train came in.',
  ' Nobody had seen a crowd of that size for years.',
  ' The driver smiled and all the children laughed.',
];

let folder: string;
let speech: Int16Array;
let golden: WhisperGolden;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-hear-'));
  speech = await readSpeech();
  golden = await readGolden();
});
afterAll(() => rm(folder, { recursive: true }));

/** Joins clips and seconds of silence. */
function concatenate(...parts: readonly (Int16Array | number)[]): Int16Array {
  const clips = parts.map((part) =>
    typeof part === 'number' ? new Int16Array(part * RATE_HZ) : part,
  );
  const out = new Int16Array(clips.reduce((sum, clip) => sum + clip.length, 0));
  let position = 0;
  for (const clip of clips) {
    out.set(clip, position);
    position += clip.length;
  }
  return out;
}

interface Heard {
  readonly events: readonly TranscriptEvent[];
  readonly language: string | undefined;
  readonly segments: readonly Extract<TranscriptEvent, { type: 'segment' }>['segment'][];
  readonly steps: readonly WindowStep[];
}

interface HearOptions extends Partial<TranscriptionRequest> {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TranscriptEvent) => void;
}

async function hear(
  { model, replica }: LoadedWhisper,
  pcm: Int16Array,
  { signal = new AbortController().signal, onEvent, ...rest }: HearOptions = {},
): Promise<Heard> {
  const pcmPath = join(folder, 'audio.pcm');
  await writeFile(pcmPath, new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
  const request = { model: 'm', pcmPath, samples: pcm.length, temperature: 0, ...rest };
  const events: TranscriptEvent[] = [];
  const steps: WindowStep[] = [];
  const context = {
    signal,
    step: async (step: WindowStep) => {
      steps.push(step);
      // As between threads: what cannot be cloned fails here too.
      const { result } = await replica.run(structuredClone(step), { canceled: false });
      return structuredClone(result);
    },
  };
  for await (const event of model.transcribe(request, context)) {
    events.push(event);
    onEvent?.(event);
  }
  const [first] = events;
  const segments = events.flatMap((event) => (event.type === 'segment' ? [event.segment] : []));
  return {
    events,
    language: first?.type === 'start' ? first.language : undefined,
    segments,
    steps,
  };
}

describe.each<WhisperId>(['whisper-tiny.en', 'whisper-base'])('%s', (id) => {
  let built: string;
  let whisper: LoadedWhisper;

  beforeAll(async () => {
    built = await buildInTemporary(id);
    whisper = await openWhisper(built);
  });
  afterAll(async () => {
    await whisper.close();
    await rm(built, { recursive: true });
  });

  it('writes the text of the reference, with its times and its certainty', async () => {
    const { events, language, segments } = await hear(whisper, speech);
    const expected = golden.transcripts[id];
    expect(language).toBe(expected.language);
    expect(segments.map(({ text }) => text)).toEqual(SENTENCES);
    expect(segments.map(({ text }) => text)).toEqual(expected.segments.map(({ text }) => text));
    for (const [i, segment] of segments.entries()) {
      const reference = expected.segments[i];
      expect(Math.abs(segment.start - (reference?.start ?? 0))).toBeLessThanOrEqual(0.2);
      expect(Math.abs(segment.end - (reference?.end ?? 0))).toBeLessThanOrEqual(0.2);
      expect(Math.abs(segment.avgLogprob - (reference?.avgLogprob ?? 0))).toBeLessThan(0.05);
      expect(segment.noSpeechProb).toBeLessThan(0.1);
      expect(segment).toMatchObject({ id: i, seek: 0, temperature: 0 });
      expect(segment.compressionRatio).toBeCloseTo(1.3, 1);
    }
    const audioSeconds = speech.length / RATE_HZ;
    expect(events.slice(-2)).toEqual([
      { type: 'usage', usage: { audioSeconds } },
      { type: 'done' },
    ]);
  });

  it('hears everything in a file of several windows, in order and within its length', async () => {
    const pcm = concatenate(3, speech, 5, speech, 14, speech, 2, speech, 1);
    const { segments, steps } = await hear(whisper, pcm);
    const times = segments.flatMap(({ start, end }) => [start, end]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(pcm.length / RATE_HZ);
    const text = segments.map((segment) => segment.text).join('');
    // A window that begins inside the speech may begin with a small letter.
    const expected = Array.from({ length: 4 }, () => SENTENCES.join('')).join('');
    expect(text.toLowerCase()).toBe(expected.toLowerCase());
    expect(steps.length).toBeGreaterThanOrEqual(2);
    expect(segments.map((segment) => segment.id)).toEqual(segments.map((_, i) => i));
  });

  it('writes nothing for a minute of silence', async () => {
    const { segments, steps, events } = await hear(whisper, new Int16Array(60 * RATE_HZ));
    expect([segments, steps]).toEqual([[], []]);
    expect(events.map(({ type }) => type)).toEqual(['start', 'usage', 'done']);
  });

  it('writes nothing for a tone and for noise', async () => {
    const tone = Int16Array.from({ length: 10 * RATE_HZ }, (_, i) => 3000 * Math.sin(i * 0.17));
    let state = 1;
    const noise = tone.map(() => {
      state = (state * 16_807) % 2_147_483_647;
      return (state % 600) - 300;
    });
    expect((await hear(whisper, concatenate(tone, noise))).segments).toEqual([]);
  });

  it('writes nothing for audio that is shorter than a frame', async () => {
    const { segments } = await hear(whisper, speech.subarray(0, 100));
    expect(segments).toEqual([]);
  });

  it('starts no further window once the request is canceled', async () => {
    const controller = new AbortController();
    let started = 0;
    const hearing = hear(whisper, concatenate(speech, 30, speech, 30, speech), {
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === 'start') started++;
        controller.abort();
      },
    });
    await expect(hearing).rejects.toMatchObject({ code: 'canceled' });
    expect(started).toBe(1);
  });

  it('conditions the first window, and no other, with the prompt', async () => {
    const pcm = concatenate(speech, 25, speech);
    const { steps, segments } = await hear(whisper, pcm, { prompt: 'A story of a train.' });
    expect(steps.map(({ prompt }) => prompt.length > 0)).toEqual([true, false]);
    expect(segments.at(-1)?.text).toBe(SENTENCES.at(-1));
  });

  it('refuses a language that it does not know, naming the field', async () => {
    const hearing = hear(whisper, speech, { language: 'tlh' });
    await expect(hearing).rejects.toMatchObject({
      code: 'unsupported_language',
      details: { param: 'language' },
    });
  });
});
