import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type Codecs, createCodecs } from '../../src/media/codecs.js';
import { SPEECH_FORMATS } from '../../src/protocol/media.js';
import { decodeBytes, hasFfmpeg, Scratch } from '../support/codecs.js';
import { eventually } from '../support/eventually.js';
import { speakTo } from '../support/scripted-client.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { eventsOf, type SentEvent } from '../support/server-sent-events.js';
import { signalProcess } from '../support/signal-process.js';
import { SCRIPTED_RATE_HZ } from '../workers/scripted-engine.js';

const RATE_HZ = SCRIPTED_RATE_HZ;
const FORMATS = SPEECH_FORMATS.filter((format) => format !== 'aac' || hasFfmpeg);

/** Audio in windows, whose worker is killed twice within the same piece: real processes throughout. */
describe('a piece in windows whose workers are killed', () => {
  let server: ScriptedServer;
  let codecs: Codecs;
  let scratch: Scratch;

  beforeAll(async () => {
    codecs = await createCodecs({ decodeThreads: 1, encodeThreads: 1 });
    scratch = await Scratch.create();
    // So many that none is killed so often that it is taken out of service.
    server = await startScriptedServer(5);
  });
  afterAll(async () => {
    await server?.stop();
    await codecs?.close();
    await scratch?.remove();
  });

  let gates: string;
  let round = 0;
  beforeEach(() => {
    round += 1;
    gates = join(server.modelDir, `gate-${round}`);
  });

  const openGate = (file: string, nth: number): Promise<void> => writeFile(`${file}.${nth}`, '');
  const script = (file: string): string => `busy 1; windows ${file}; busy 2; busy 3`;

  async function undisturbed(fields: object): Promise<Response> {
    const open = `${gates}-open`;
    for (const nth of [1, 2, 3]) await openGate(open, nth);
    return speakTo(server.url, script(open), { fields: { ...fields } });
  }

  /** Windows that have come to the supervisor, but for the first of each answer. */
  async function laterWindows(): Promise<number> {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^speech_tts_chunk_gap_seconds_count{.*} (\d+)$/m.exec(text)?.[1]);
  }

  /** Kills the worker that waits at a gate, as soon as it does and what it has made is there. */
  async function killAt(nth: number, windows: number): Promise<void> {
    await eventually(async () => {
      expect(await server.startedSteps()).toContain(`gate ${gates}.${nth}`);
      expect(await laterWindows()).toBe(windows);
    });
    signalProcess(Number(await readFile(join(server.modelDir, 'busy.pid'), 'utf8')), 'SIGKILL');
    await openGate(gates, nth);
  }

  /** Asks for the script, and has its workers killed after its first and its second quarter. */
  async function disturbed(fields: object): Promise<Response> {
    const windows = await laterWindows();
    const answering = speakTo(server.url, script(gates), { fields: { ...fields } });
    for (const nth of [1, 2]) await killAt(nth, windows + nth);
    await openGate(gates, 3);
    return answering;
  }

  async function samplesOf(bytes: Uint8Array, format: string): Promise<Float32Array> {
    if (format === 'pcm') return Float32Array.from(new Int16Array(new Uint8Array(bytes).buffer));
    return (await decodeBytes(codecs, scratch, { bytes, rateHz: RATE_HZ })).samples;
  }

  it.each(FORMATS)('%s is the same to its listener', async (format) => {
    const fields = { response_format: format };
    const whole = new Uint8Array(await (await undisturbed(fields)).arrayBuffer());
    const heard = new Uint8Array(await (await disturbed(fields)).arrayBuffer());
    const [expected, samples] = [await samplesOf(whole, format), await samplesOf(heard, format)];
    expect(expected.length).toBeGreaterThanOrEqual(4 * 2_400);
    expect(samples.length).toBe(expected.length);
    expect(samples.every((sample, at) => sample === expected[at])).toBe(true);
  });

  it.each(FORMATS)('%s is the same in events', async (format) => {
    const fields = { response_format: format };
    const whole = new Uint8Array(await (await undisturbed(fields)).arrayBuffer());
    const events = await eventsOf(await undisturbed({ ...fields, stream_format: 'sse' }));
    const sent = new Uint8Array(bytesOf(events));
    const [expected, samples] = [await samplesOf(whole, format), await samplesOf(sent, format)];
    expect(samples).toEqual(expected);
  });

  it('events tell each piece once, at its time', async () => {
    const fields = {
      ...{ response_format: 'pcm', stream_format: 'sse' },
      timestamp_granularities: ['sentence', 'word'],
    };
    const events = await eventsOf(await disturbed(fields));
    const told = events.filter(({ type }) => type === 'speech.audio.marks');
    const starts = told.flatMap(({ sentences }) => sentences as { start: number }[]);
    expect(starts.map(({ start }) => start)).toEqual([0, 0.1, 0.2, 0.3]);
    const words = told.flatMap(({ words: some }) => some as { word: string; start: number }[]);
    expect(words.slice(0, 3)).toMatchObject([
      { word: 'busy', start: 0 },
      { word: '1', start: 0.05 },
      { word: 'windows', start: 0.1 },
    ]);
    const whole = bytesOf(await eventsOf(await undisturbed(fields)));
    expect(bytesOf(events).equals(whole)).toBe(true);
    expect(events.at(-1)).toMatchObject({ usage: { output_tokens: 8 } });
  });
});

function bytesOf(events: readonly SentEvent[]): Buffer {
  return Buffer.concat(events.map(({ audio = '' }) => Buffer.from(audio, 'base64')));
}
