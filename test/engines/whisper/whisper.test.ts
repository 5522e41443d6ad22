import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { WhisperStep, WindowStep } from '../../../src/engines/whisper/steps.js';
import { ChorusError } from '../../../src/protocol/errors.js';
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
  readonly onWindow?: (step: WindowStep) => void;
}

async function hear(
  { model, replica }: LoadedWhisper,
  pcm: Int16Array,
  { signal = new AbortController().signal, onWindow, ...rest }: HearOptions = {},
): Promise<Heard> {
  const pcmPath = join(folder, 'audio.pcm');
  await writeFile(pcmPath, new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
  const request = { model: 'm', pcmPath, samples: pcm.length, temperature: 0, ...rest };
  const events: TranscriptEvent[] = [];
  const steps: WindowStep[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const context = {
    signal,
    step: async (step: WhisperStep) => {
      if (signal.aborted) throw ChorusError.ofAbort(signal);
      if (step.type === 'window') {
        steps.push(step);
        onWindow?.(step);
      }
      // A replica runs one step at a time.
      const running = last.then(() => replica.run(structuredClone(step), { canceled: false }));
      last = running.catch(() => undefined);
      // As between threads: what cannot be cloned fails here too.
      return structuredClone((await running).result);
    },
  };
  for await (const event of model.transcribe(request, context)) {
    events.push(event);
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
      expect(segment).toMatchObject({ id: i, temperature: 0 });
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
    const words = (one: string) => one.toLowerCase().replaceAll(/[.,]/g, '');
    expect(words(text)).toBe(words(expected));
    expect(steps.length).toBeGreaterThanOrEqual(2);
    expect(segments.map((segment) => segment.id)).toEqual(segments.map((_, i) => i));
  });

  it('says the same of windows of different length that are decoded together', async () => {
    const step = (pcm: Int16Array, totalFrames: number): WindowStep => {
      const audio = { pcm, lead: 0, frames: Math.floor(pcm.length / 160), totalFrames };
      return { type: 'window', ...audio, language: 'en', prompt: [], temperature: 0 };
    };
    const second = speech.subarray(3 * RATE_HZ);
    const steps = [
      step(speech, 1400),
      step(second, 1300),
      step(speech.slice(0, 6 * RATE_HZ), 1400),
    ];
    const controls = steps.map(() => ({ canceled: false }));
    const together = (await whisper.replica.runTogether?.(steps, controls)) ?? [];
    for (const [index, one] of steps.entries()) {
      const alone = await whisper.replica.run({ ...one, totalFrames: 1400 }, { canceled: false });
      const [found, expected] = [together[index]?.result, alone.result];
      if (found?.type !== 'window' || expected.type !== 'window') throw new Error('No window.');
      expect(found.tokens).toEqual(expected.tokens);
      expect(found.tokens.length).toBeGreaterThan(20);
      expect(found.avgLogprob).toBeCloseTo(expected.avgLogprob, 3);
    }
  });

  it('conditions each window with the one before where that is wanted', async () => {
    const pcm = concatenate(speech, 1, speech);
    const { steps } = await hear(whisper, pcm, { conditionOnPreviousText: true });
    const [first, ...others] = steps;
    expect(first?.prompt).toEqual([]);
    const { prompt = [] } = others.find((step) => step.prompt.length > 0) ?? {};
    expect(prompt.length).toBeGreaterThan(20);
  });

  it('finds the same text with a beam', async () => {
    const { segments, steps } = await hear(whisper, speech, { beamSize: 5 });
    const text = segments.map((segment) => segment.text.replaceAll(',', ''));
    expect(text).toEqual(SENTENCES);
    expect(steps[0]?.beamSize).toBe(5);
  });

  it('says that it translates only if it can', async () => {
    const { events } = await hear(whisper, speech, { task: 'translate' });
    const { task } = events[0] as { task?: string };
    expect(task).toBe(id === 'whisper-base' ? 'translate' : undefined);
  });

  it('writes nothing for a minute of silence', async () => {
    const { segments, steps, events } = await hear(whisper, new Int16Array(60 * RATE_HZ));
    expect([segments, steps]).toEqual([[], []]);
    expect(events.map(({ type }) => type)).toEqual(['start', 'usage', 'done']);
  });

  it('writes nothing for a minute of noise and of tones like music', async () => {
    const chord = [220, 277.2, 329.6, 440].map((hz) => (2 * Math.PI * hz) / RATE_HZ);
    // A beat each half second, and a tremolo.
    const music = Int16Array.from({ length: 30 * RATE_HZ }, (_, i) => {
      const loudness = 1500 * Math.exp(-(i % 8000) / 4000) * (1 + 0.3 * Math.sin(i / 500));
      return loudness * chord.reduce((sum, step) => sum + Math.sin(i * step), 0);
    });
    let state = 1;
    const noise = music.map(() => {
      state = (state * 16_807) % 2_147_483_647;
      return (state % 600) - 300;
    });
    expect((await hear(whisper, concatenate(music, noise))).segments).toEqual([]);
  });

  it('writes nothing for audio that is shorter than a frame', async () => {
    const { segments } = await hear(whisper, speech.subarray(0, 100));
    expect(segments).toEqual([]);
  });

  it('starts no further window once the request is canceled', async () => {
    const controller = new AbortController();
    const steps: WindowStep[] = [];
    const hearing = hear(whisper, concatenate(speech, 1, speech, 1, speech, 1, speech), {
      signal: controller.signal,
      onWindow: (step) => {
        steps.push(step);
        controller.abort(new ChorusError('canceled', 'Nobody listens.'));
      },
    });
    await expect(hearing).rejects.toMatchObject({ code: 'canceled' });
    expect(steps).toHaveLength(1);
  });

  it('conditions the first window, and no other, with the prompt', async () => {
    const pcm = concatenate(speech, 1, speech, 1, speech, 1, speech);
    const { steps, segments } = await hear(whisper, pcm, { prompt: 'A story of a train.' });
    const prompted = steps.map(({ prompt }) => prompt.length > 0);
    expect(prompted[0]).toBe(true);
    expect(prompted).toEqual(prompted.toSorted((a, b) => Number(b) - Number(a)));
    expect(prompted.at(-1)).toBe(false);
    expect(segments.at(-1)?.text).toMatch(/all the children laughed\.$/);
  });

  it('knows when each word is said, to a fifth of a second of the reference', async () => {
    const { segments } = await hear(whisper, speech, { words: true, logprobs: true });
    const words = segments.flatMap((segment) => segment.words ?? []);
    const expected = golden.words[id];
    expect(words.map(({ word }) => word)).toEqual(expected.map(({ word }) => word));
    const differences = words.map(({ start, end }, i) => {
      const { start: from = 0, end: to = 0 } = expected[i] ?? {};
      return Math.max(Math.abs(start - from), Math.abs(end - to));
    });
    const sorted = differences.toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length * 0.5)]).toBeLessThan(0.1);
    expect(sorted[Math.floor(sorted.length * 0.9)]).toBeLessThan(0.3);
    for (const { words: own = [], start, end, text, tokenLogprobs = [] } of segments) {
      const times = own.flatMap((word) => [word.start, word.end]);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect([times[0], times.at(-1)]).toEqual([start, end]);
      expect(own.map(({ word }) => word).join('')).toBe(text);
      const bytes = tokenLogprobs.flatMap((token) => token.bytes);
      expect(Buffer.from(bytes).toString()).toBe(text);
      expect(tokenLogprobs.every(({ logprob }) => logprob <= 0)).toBe(true);
    }
  });

  it('maps times over pauses that it did not hear', async () => {
    const pause = 20;
    const pcm = concatenate(
      5,
      speech.subarray(0, 3 * RATE_HZ),
      pause,
      speech.subarray(3 * RATE_HZ),
    );
    const { segments } = await hear(whisper, pcm, { words: true });
    expect(segments.map(({ text }) => text).join('')).toBe(SENTENCES.join(''));
    for (const { start, end, words = [] } of segments) {
      expect(end - start).toBeLessThan(4);
      expect(start > 4.5 && end < 8.7 ? true : start > 5 + 3 + pause - 0.6).toBe(true);
      for (const word of words) expect(word.end - word.start).toBeLessThan(2);
    }
  });

  it('refuses a language that it does not know, naming the field', async () => {
    const hearing = hear(whisper, speech, { language: 'tlh' });
    await expect(hearing).rejects.toMatchObject({
      code: 'unsupported_language',
      details: { param: 'language' },
    });
  });
});
