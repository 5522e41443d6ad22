import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';

import { SpeechMeter } from '../../src/http/speech-meter.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';

let nowMs: number;
let metrics: Metrics;
let meter: SpeechMeter;

beforeEach(() => {
  metrics = new Metrics(pino({ level: 'silent' }));
  nowMs = 5_000;
  meter = new SpeechMeter(metrics.requests, 'm', () => nowMs);
});

async function sample(name: string): Promise<number | undefined> {
  const text = await metrics.scrape('text');
  const line = text.split('\n').find((one) => one.startsWith(`speech_${name}`));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe('the meter of a speech', () => {
  it('counts what went out, once', async () => {
    meter.audio(0.5);
    meter.audio(0.25);
    meter.end();
    meter.end();
    expect(await sample('audio_seconds_total{direction="out",model="m"}')).toBe(0.75);
  });

  it('counts the characters of a text once, however many workers get it', async () => {
    meter.dispatched(12);
    meter.dispatched(12);
    expect(await sample('characters_total{model="m"}')).toBe(12);
  });

  it('times the first byte once', async () => {
    nowMs += 70;
    meter.firstByte();
    nowMs += 1_000;
    meter.firstByte();
    expect(await sample('tts_first_byte_seconds_sum')).toBeCloseTo(0.07);
    expect(await sample('tts_first_byte_seconds_count')).toBe(1);
  });

  it('adds the silence that the speech begins with to the first audible sample', async () => {
    nowMs += 100;
    meter.audibleAfter(0.3);
    meter.audio(1);
    meter.audio(1);
    expect(await sample('tts_first_audio_seconds_sum')).toBeCloseTo(0.4);
    expect(await sample('tts_first_audio_seconds_count')).toBe(1);
  });

  it('hears nothing in a piece of silence, and plays what comes after it at once if it is late', async () => {
    nowMs += 100;
    meter.audio(0.5);
    expect(await sample('tts_first_audio_seconds_count')).toBeUndefined();
    nowMs += 900;
    meter.audibleAfter(0.6);
    meter.audio(1);
    expect(await sample('tts_first_audio_seconds_sum')).toBeCloseTo(1);
  });

  it('times the gap before each piece after the first', async () => {
    for (const waitedMs of [100, 30, 50]) {
      meter.wanted();
      nowMs += waitedMs;
      meter.audio(10);
    }
    expect(await sample('tts_chunk_gap_seconds_count')).toBe(2);
    expect(await sample('tts_chunk_gap_seconds_sum')).toBeCloseTo(0.08);
    expect(await sample('tts_underruns_total')).toBeUndefined();
  });

  it('counts an underrun each time that a reader waits beyond what there is to play', async () => {
    meter.audio(0.2);
    for (let piece = 0; piece < 2; piece += 1) {
      nowMs += 150;
      meter.wanted();
      nowMs += 100;
      meter.audio(0.2);
    }
    expect(await sample('tts_underruns_total')).toBe(2);
  });

  it('blames nobody for a reader that asks late', async () => {
    meter.audio(0.2);
    nowMs += 5_000;
    meter.wanted();
    nowMs += 10;
    meter.audio(0.2);
    expect(await sample('tts_underruns_total')).toBeUndefined();
    expect(await sample('tts_buffer_ahead_seconds_count')).toBeUndefined();
  });

  it('tells how much there was left to play when each window after the first came', async () => {
    meter.audio(0.1);
    for (const [waitedMs, seconds] of [
      [40, 0.2],
      [60, 0.4],
      [800, 0.4],
    ] as const) {
      meter.wanted();
      nowMs += waitedMs;
      meter.audio(seconds);
    }
    // 60 ms, then 200 ms, then none: the listener ran dry 200 ms before.
    expect(await sample('tts_buffer_ahead_seconds_count')).toBe(3);
    expect(await sample('tts_buffer_ahead_seconds_sum')).toBeCloseTo(0.26);
    expect(await sample('tts_buffer_ahead_seconds_bucket{le="0",model="m"}')).toBe(1);
    expect(await sample('tts_underruns_total')).toBe(1);
  });

  it('counts a speech in windows as its listener has it, whole sentences or not', async () => {
    meter.audibleAfter(0.15);
    for (let window = 0; window < 20; window += 1) {
      meter.wanted();
      nowMs += 10;
      meter.audio(0.1);
    }
    meter.end();
    expect(await sample('tts_underruns_total')).toBeUndefined();
    expect(await sample('tts_first_audio_seconds_sum')).toBeCloseTo(0.16);
    expect(await sample('audio_seconds_total{direction="out",model="m"}')).toBeCloseTo(2);
  });
});
