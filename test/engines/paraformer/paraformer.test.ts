import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { paraformerEngine } from '../../../src/engines/paraformer/engine.js';
import { loadReplica } from '../../../src/engines/paraformer/replica.js';
import type { LiveEvent } from '../../../src/protocol/live.js';
import type { TranscriptEvent, TranscriptSegment } from '../../../src/protocol/requests.js';
import { type LoadedRecognizer, openRecognizer } from '../../support/recognition.js';
import {
  type Exporter,
  writeOfflineParaformer,
  writeOnlineParaformer,
} from '../../support/small-recognizers.js';
import { type ToneSound, toneSpeech } from '../../support/tone-speech.js';

const LANGUAGES = ['zh', 'en'];
/** Eight rows of a tone are one token of the streaming model. */
const TOKEN_ROWS = 8;

let dir = '';
const open: LoadedRecognizer[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-paraformer-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await rm(dir, { recursive: true });
});

async function opened({ padded = false } = {}): Promise<LoadedRecognizer> {
  const halves = { engine: paraformerEngine, loadReplica, dir, languages: LANGUAGES, padded };
  const recognizer = await openRecognizer(halves);
  open.push(recognizer);
  return recognizer;
}

function segmentsOf(events: readonly (TranscriptEvent | LiveEvent)[]): TranscriptSegment[] {
  return events.flatMap((event) => (event.type === 'segment' ? [event.segment] : []));
}

function partialsOf(events: readonly LiveEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'partial' ? [event.text] : []));
}

/** Tones of one token each with a short pause after each. */
function tokens(...tones: readonly number[]): ToneSound[] {
  return tones.flatMap((tone) => [{ tone, rows: TOKEN_ROWS }, { rows: 2 }]);
}

function* pieces(pcm: Int16Array, bytes: number): Generator<Uint8Array> {
  const all = new Uint8Array(pcm.buffer);
  for (let at = 0; at < all.length; at += bytes) yield all.slice(at, at + bytes);
}

describe.each<Exporter>(['sherpa', 'funasr'])('Paraformer as %s exports it', (exporter) => {
  it('writes down an utterance that it hears as a whole', async () => {
    await writeOfflineParaformer(dir, exporter);
    const recognizer = await opened();
    expect(recognizer.model).not.toHaveProperty('listen');
    const tones = [0, 1, 2, 3, 4].map((tone) => ({ tone, rows: 10 }));
    const events = await recognizer.transcribe(toneSpeech(tones), { words: true });
    expect(events[0]).toEqual({ type: 'start', language: 'zh' });
    const [segment] = segmentsOf(events);
    expect(segment).toMatchObject({
      text: '你好 hello 世',
      start: 0,
      end: 3,
      tokens: [3, 4, 5, 6, 7],
    });
    expect(segment).not.toHaveProperty('words');
  });

  it('writes the same down where utterances are padded to buckets', async () => {
    await writeOfflineParaformer(dir, exporter, { tellsPeaks: true });
    const speech = toneSpeech([0, 1, 2, 3, 4].map((tone) => ({ tone, rows: 10 })));
    const expected = await (await opened()).transcribe(speech, { words: true });
    expect(await (await opened({ padded: true })).transcribe(speech, { words: true })).toEqual(
      expected,
    );
  });

  it('writes down a file with the streaming graphs', async () => {
    await writeOnlineParaformer(dir, exporter);
    const recognizer = await opened();
    const speech = toneSpeech([{ rows: 3 }, ...tokens(0, 1, 2, 3, 4)]);
    const [segment] = segmentsOf(await recognizer.transcribe(speech, { words: true }));
    // The first token finds the decoder's memory empty.
    expect(segment?.text).toBe('始好 hello 世');
    expect(segment?.words?.map(({ word }) => word)).toEqual(['始', '好', ' hello', '世']);
    expect(segment?.words?.[1]?.start).toBeCloseTo((3 + 10 + 1) * 0.06, 5);
    expect(segment?.words?.[1]?.end).toBeCloseTo((3 + 10 + 8) * 0.06, 5);
  });
});

describe('the offline Paraformer', () => {
  it('knows the times of words where the graph tells the peaks', async () => {
    await writeOfflineParaformer(dir, 'funasr', { tellsPeaks: true });
    const recognizer = await opened();
    const tones = [0, 1].map((tone) => ({ tone, rows: 10 }));
    const [segment] = segmentsOf(await recognizer.transcribe(toneSpeech(tones), { words: true }));
    const times = segment?.words?.map(({ word, start, end }) => [word, start, end]);
    expect(times).toEqual([
      ['你', expect.closeTo(0.27, 5), expect.closeTo(0.51, 5)],
      ['好', expect.closeTo(0.87, 5), expect.closeTo(1.11, 5)],
    ]);
  });
});

describe('the streaming Paraformer', () => {
  const SPEECH = toneSpeech([{ rows: 3 }, ...tokens(0, 1, 2, 3, 4, 1), { rows: 4 }]);

  beforeEach(() => writeOnlineParaformer(dir, 'sherpa'));

  it.each([640, 1_001, 1 << 20])(
    'hears live what it hears in a file, in pieces of %i',
    async (n) => {
      const recognizer = await opened();
      const whole = segmentsOf(await recognizer.transcribe(SPEECH, { words: true }));
      const events = await recognizer.listen(pieces(SPEECH, n));
      expect(segmentsOf(events)).toEqual(whole);
      expect(events[0]).toEqual({ type: 'start', language: 'zh' });
      expect(events.slice(-2)).toEqual([
        { type: 'usage', usage: { audioSeconds: SPEECH.length / 16_000 } },
        { type: 'done' },
      ]);
    },
  );

  it('tells what it has heard so far and takes nothing back', async () => {
    const recognizer = await opened();
    const events = await recognizer.listen(pieces(SPEECH, 640));
    const partials = partialsOf(events);
    expect(partials.length).toBeGreaterThan(4);
    for (const [i, text] of partials.entries()) {
      expect(text.startsWith(partials[i - 1] ?? '')).toBe(true);
    }
    expect(segmentsOf(events)[0]?.text).toBe('始好 hello 世好');
    const stable = events.flatMap((one) => (one.type === 'partial' ? [one.stableLength] : []));
    expect(stable).toEqual(partials.map(({ length }) => length));
    const through = events.flatMap((one) => (one.type === 'partial' ? [one.throughSeconds] : []));
    expect(through).toEqual(through.map((_, i) => expect.closeTo((through[0] ?? 0) + i * 0.6, 5)));
  });

  it('ends a sentence with a pause, and begins the next one at its place in the utterance', async () => {
    const recognizer = await opened();
    const sentences = [...tokens(0, 1), { rows: 40 }, ...tokens(0, 2, 3)];
    const events = await recognizer.listen(pieces(toneSpeech([{ rows: 3 }, ...sentences]), 640));
    const found = segmentsOf(events);
    expect(found.map(({ id, text }) => [id, text])).toEqual([
      [0, '始好'],
      [1, '始 hello'],
    ]);
    const second = (3 + 20 + 40) * 0.06;
    expect(Math.abs((found[1]?.start ?? 0) - second)).toBeLessThan(0.13);
    const turn = ['speech_started', 'partial', 'speech_stopped', 'segment', 'settled'];
    const order = events.map(({ type }) => type);
    const changes = order.filter((type, at) => type !== order[at - 1]);
    expect(changes).toEqual(['start', ...turn, ...turn, 'usage', 'done']);
  });

  it('tells of no turns where the client ends them', async () => {
    const recognizer = await opened();
    const events = await recognizer.listen(pieces(SPEECH, 640), { turns: 'manual' });
    const order = new Set(events.map(({ type }) => type));
    expect([...order]).toEqual(['start', 'partial', 'segment', 'usage', 'done']);
  });

  it('lets a last token count that the speech breaks off in', async () => {
    const recognizer = await opened();
    const cut = (rows: number) => toneSpeech([{ rows: 3 }, ...tokens(0), { tone: 1, rows }]);
    const text = async (rows: number) =>
      segmentsOf(await recognizer.listen(pieces(cut(rows), 640)))[0]?.text;
    expect(await text(6)).toBe('始好');
    expect(await text(3)).toBe('始');
  });

  it('hears speech of 8 kHz', async () => {
    const recognizer = await opened();
    const pcm = toneSpeech([{ rows: 3 }, ...tokens(0, 1, 2, 3)], 8_000);
    const events = await recognizer.listen(pieces(pcm, 320), { sampleRateHz: 8_000 });
    expect(segmentsOf(events)[0]?.text).toBe('始好 hello');
  });

  it('leaves out what is too quiet to be meant', async () => {
    const recognizer = await opened();
    const textFor = async (minRms: number) =>
      segmentsOf(await recognizer.listen(pieces(SPEECH, 640), { minRms }))[0]?.text;
    // A tone of a quarter of full scale has 0.17.
    expect(await textFor(0.3)).toBeUndefined();
    expect(await textFor(0.05)).toBe('始好 hello 世好');
  });

  it('fails when nobody speaks at first for longer than is allowed', async () => {
    const recognizer = await opened();
    const silence = pieces(new Int16Array(2 * 16_000), 640);
    await expect(recognizer.listen(silence, { maxStartSilenceMs: 1_000 })).rejects.toMatchObject({
      code: 'empty_audio',
    });
    const spoken = toneSpeech([...tokens(0, 1), { rows: 60 }]);
    const events = await recognizer.listen(pieces(spoken, 640), { maxStartSilenceMs: 1_500 });
    expect(segmentsOf(events)).toHaveLength(1);
  });

  it('ends a sentence after a longer pause if it is asked to', async () => {
    const recognizer = await opened();
    const pcm = toneSpeech([{ rows: 3 }, ...tokens(0, 1), { rows: 40 }, ...tokens(0, 2, 3)]);
    const segmentation = { threshold: 0.5, prefixPaddingMs: 200, silenceDurationMs: 6_000 };
    const events = await recognizer.listen(pieces(pcm, 640), { segmentation });
    expect(segmentsOf(events)).toHaveLength(1);
  });

  it('hears nothing in silence and in no audio at all', async () => {
    const recognizer = await opened();
    for (const pcm of [new Int16Array(0), new Int16Array(300), new Int16Array(80 * 16_000)]) {
      const events = await recognizer.listen(pieces(pcm, 32_000));
      expect(events.map(({ type }) => type)).toEqual(['start', 'usage', 'done']);
      expect(segmentsOf(await recognizer.transcribe(pcm))).toEqual([]);
    }
  });
});
