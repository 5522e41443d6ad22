/** The live recogniser over the real detector and real Whisper, reached by its public contract only. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { JobContext } from '../../../src/engines/engine.js';
import { recogniseLive } from '../../../src/engines/live/live-recogniser.js';
import type { LiveText, LiveWindow } from '../../../src/engines/live/ports.js';
import { SileroVad } from '../../../src/engines/vad/silero-vad.js';
import { VadStream } from '../vad/vad-stream.js';
import { LiveAudio } from '../../../src/protocol/live-audio.js';
import type { LiveEvent } from '../../../src/protocol/live.js';
import { modelDir } from '../../support/models.js';
import { type LoadedWhisper, openWhisper, readGolden, readSpeech } from '../../support/whisper.js';
import { concat, pcmOf, silence, whiteNoise } from '../vad/sounds.js';
import { bytesOf, FIGURES, quiet } from './live-bench.js';

const RATE_HZ = 16_000;

let vad: SileroVad;
let whisper: LoadedWhisper;
let dir: string;
beforeAll(async () => {
  vad = await SileroVad.open(modelDir('silero-vad'));
  whisper = await openWhisper(modelDir('whisper-tiny.en'));
  dir = await mkdtemp(join(tmpdir(), 'chorus-live-'));
});
afterAll(async () => {
  await Promise.all([vad.close(), whisper.close(), rm(dir, { recursive: true })]);
});

async function transcribe({ pcm }: LiveWindow): Promise<LiveText> {
  const pcmPath = join(dir, 'window.pcm');
  await writeFile(pcmPath, pcm);
  const { signal } = new AbortController();
  const step: JobContext['step'] = async (one) =>
    (await whisper.replica.run(one as never, { canceled: false })).result;
  const request = { model: 'live', pcmPath, samples: pcm.length, temperature: 0 };
  let text = '';
  for await (const event of whisper.model.transcribe(request, { signal, step: step as never })) {
    if (event.type === 'segment') text += event.segment.text;
  }
  return { ...FIGURES, text };
}

/** Hears speech that comes a piece at a time, each when all that the one before asked for is done. */
async function hear(pcm: Int16Array, pieceSeconds: number): Promise<LiveEvent[]> {
  const audio = new LiveAudio();
  const stream = new VadStream(vad);
  const running = new Set<Promise<unknown>>();
  const watched = <Value>(work: Promise<Value>): Promise<Value> => {
    running.add(work);
    return work.finally(() => running.delete(work));
  };
  // One window after another: they share a file.
  let last: Promise<unknown> = Promise.resolve();
  const decode = (latest: () => LiveWindow): Promise<LiveText> => {
    const text = last.then(() => transcribe(latest()));
    last = text.catch(() => undefined);
    return watched(text);
  };
  const ports = { hear: (one: Int16Array) => watched(stream.probabilities(one)), decode };
  const { signal } = new AbortController();
  const request = { model: 'live', sampleRateHz: RATE_HZ };
  const events: LiveEvent[] = [];
  const over = (async () => {
    const live = { request, ports, language: 'en', signal };
    for await (const event of recogniseLive(live, audio)) events.push(event);
  })();
  for (let at = 0; at < pcm.length; at += pieceSeconds * RATE_HZ) {
    audio.push(bytesOf(pcm.slice(at, at + pieceSeconds * RATE_HZ)));
    do {
      await quiet();
      await Promise.all(running);
    } while (running.size > 0);
  }
  audio.end();
  await over;
  return events;
}

const bare = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z ]/g, '')
    .trim();

describe('live speech', () => {
  it('is written down as the whole file is, and no word that was sure is taken back', async () => {
    const speech = await readSpeech();
    const pcm = new Int16Array(speech.length + RATE_HZ);
    pcm.set(speech);
    const events = await hear(pcm, 1.2);
    const texts = events.flatMap((one) => (one.type === 'segment' ? [one.segment.text] : []));
    const { transcripts } = await readGolden();
    const whole = transcripts['whisper-tiny.en'].segments.map(({ text }) => text.trim());
    expect(bare(texts.join(' '))).toBe(bare(whole.join(' ')));
    let stable = '';
    let stableWords = 0;
    for (const event of events) {
      const text = event.type === 'partial' ? event.text.slice(0, event.stableLength) : stable;
      expect(text.startsWith(stable)).toBe(true);
      stable = text;
      stableWords = Math.max(stableWords, text.split(' ').length);
      if (event.type !== 'segment') continue;
      expect(event.segment.text.startsWith(stable)).toBe(true);
      stable = '';
    }
    expect(stableWords).toBeGreaterThan(3);
  });

  it('has no words where nobody speaks', async () => {
    const sound = concat([silence(3), whiteNoise(4, 0.05), silence(3)]);
    const events = await hear(pcmOf(sound), 1);
    expect(events.filter(({ type }) => type === 'segment' || type === 'partial')).toEqual([]);
  });
});
