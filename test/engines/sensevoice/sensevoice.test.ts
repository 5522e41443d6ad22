import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { senseVoiceEngine } from '../../../src/engines/sensevoice/engine.js';
import { loadReplica } from '../../../src/engines/sensevoice/replica.js';
import type { TranscriptEvent, TranscriptSegment } from '../../../src/protocol/requests.js';
import { type LoadedRecognizer, openRecognizer } from '../../support/recognition.js';
import { type Exporter, writeSenseVoice } from '../../support/small-recognizers.js';
import { toneSpeech } from '../../support/tone-speech.js';

const LANGUAGES = ['zh', 'yue', 'en', 'ja', 'ko'];
/** 你好。, a short pause, hello. */
const SPEECH = toneSpeech([
  { rows: 2 },
  { tone: 3, rows: 4 },
  { rows: 1 },
  { tone: 4, rows: 4 },
  { tone: 2, rows: 3 },
  { rows: 4 },
  { tone: 0, rows: 4 },
  { tone: 1, rows: 4 },
  { rows: 3 },
]);

let dir = '';
const open: LoadedRecognizer[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-sensevoice-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await rm(dir, { recursive: true });
});

async function opened({ padded = false } = {}): Promise<LoadedRecognizer> {
  const halves = { engine: senseVoiceEngine, loadReplica, dir, languages: LANGUAGES, padded };
  const recognizer = await openRecognizer(halves);
  open.push(recognizer);
  return recognizer;
}

function segmentsOf(events: readonly TranscriptEvent[]): TranscriptSegment[] {
  return events.flatMap((event) => (event.type === 'segment' ? [event.segment] : []));
}

describe.each<Exporter>(['sherpa', 'funasr'])('SenseVoice as %s exports it', (exporter) => {
  beforeEach(() => writeSenseVoice(dir, exporter));

  it('writes down what it hears, with the times, and tells the tags beside the text', async () => {
    const recognizer = await opened();
    const events = await recognizer.transcribe(SPEECH, { words: true });
    expect(events[0]).toEqual({ type: 'start', language: 'en' });
    const [chinese, english] = segmentsOf(events);
    expect(chinese).toMatchObject({ id: 0, text: '你好。', emotion: 'happy', event: 'applause' });
    expect(english).toMatchObject({ id: 1, text: ' hello', emotion: 'happy' });
    expect(chinese?.tokens).toEqual([11, 12, 10]);
    expect(chinese?.start).toBeCloseTo(0.12, 5);
    expect(chinese?.end).toBeCloseTo(0.84, 5);
    expect(english?.words).toMatchObject([{ word: ' hello' }]);
    expect(chinese?.words?.map(({ word }) => word)).toEqual(['你', '好。']);
    expect(chinese?.words?.[1]?.start).toBeCloseTo(0.42, 5);
    expect(chinese?.words?.[0]?.probability).toBeGreaterThan(0.99);
    expect(events.at(-2)).toEqual({
      type: 'usage',
      usage: { audioSeconds: SPEECH.length / 16_000 },
    });
    expect(events.at(-1)).toEqual({ type: 'done' });
  });

  it('writes the same down where spans are padded to buckets', async () => {
    const expected = await (await opened()).transcribe(SPEECH, { words: true });
    expect(await (await opened({ padded: true })).transcribe(SPEECH, { words: true })).toEqual(
      expected,
    );
  });

  it('tells the graph which language to expect, and nobody the words times unasked', async () => {
    const recognizer = await opened();
    const events = await recognizer.transcribe(SPEECH, { language: 'zh' });
    expect(events[0]).toEqual({ type: 'start', language: 'zh' });
    expect(segmentsOf(events)[0]).not.toHaveProperty('words');
  });
});

describe('SenseVoice', () => {
  it('cuts long audio every 30 s, hears each span by itself and skips silence', async () => {
    await writeSenseVoice(dir, 'sherpa');
    const recognizer = await opened();
    const pcm = new Int16Array(95 * 16_000);
    pcm.set(SPEECH, 2 * 16_000);
    pcm.set(SPEECH, 90 * 16_000);
    const events = await recognizer.transcribe(pcm);
    const found = segmentsOf(events);
    expect(found.map(({ text }) => text)).toEqual(['你好。', ' hello', '你好。', ' hello']);
    expect(found.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
    expect(found.map(({ seek }) => seek)).toEqual([0, 0, 9000, 9000]);
    expect(found[2]?.start).toBeCloseTo(90.12, 5);
    expect(recognizer.steps).toHaveLength(2);
  });

  it('says nothing where the network hears no speech, in silence, and in no time at all', async () => {
    await writeSenseVoice(dir, 'sherpa', { speechless: true });
    const recognizer = await opened();
    for (const pcm of [SPEECH, new Int16Array(16_000), SPEECH.slice(0, 2300), new Int16Array(0)]) {
      const events = await recognizer.transcribe(pcm);
      expect(events.map(({ type }) => type)).toEqual(['start', 'usage', 'done']);
    }
  });

  it('refuses languages it does not know, and to translate', async () => {
    await writeSenseVoice(dir, 'sherpa');
    const recognizer = await opened();
    await expect(recognizer.transcribe(SPEECH, { language: 'de' })).rejects.toMatchObject({
      code: 'unsupported_language',
    });
    await expect(recognizer.transcribe(SPEECH, { task: 'translate' })).rejects.toMatchObject({
      code: 'not_implemented',
    });
  });

  it('says what a folder lacks', async () => {
    await expect(opened()).rejects.toThrow(/no graph/);
    await writeSenseVoice(dir, 'funasr');
    await writeFile(join(dir, 'am.mvn'), '<Nnet>');
    await expect(opened()).rejects.toThrow(/am\.mvn\) cannot be read: .*AddShift/);
    await writeSenseVoice(dir, 'funasr');
    await rm(join(dir, 'tokens.json'));
    await expect(opened()).rejects.toThrow(/no vocabulary/);
    await writeFile(join(dir, 'model_quant.onnx'), 'not a graph');
    await expect(opened()).rejects.toThrow(/model_quant\.onnx cannot be read: .*no ONNX file/);
  });
});
