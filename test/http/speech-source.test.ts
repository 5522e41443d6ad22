import { describe, expect, it } from 'vitest';

import { pino } from 'pino';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { SpeechMeter } from '../../src/http/speech-meter.js';
import { SpeechSource } from '../../src/http/speech-source.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent } from '../../src/protocol/requests.js';
import { gate } from '../support/streams.js';
import { ScriptedRouter } from '../support/scripted-router.js';
import { audio, sends, start } from '../support/scripted-speech.js';

const gone = new ChorusError('replica_lost', 'Gone.');

function sourceOf(router: ScriptedRouter): SpeechSource {
  return new SpeechSource(router, {
    request: { model: 'm', text: 'Hello.', voice: 'v', speed: 1 },
    requestId: 'r',
    claim: { class: 'interactive', client: 'test' },
    signal: new AbortController().signal,
    resumes: false,
    meter: new SpeechMeter(new Metrics(pino({ level: 'silent' })).requests, 'm'),
    onRetry: () => {},
  });
}

describe('the source of a speech', () => {
  it('keeps no place that comes in the moment in which it is closed', async () => {
    const router = new ScriptedRouter();
    router.script = sends([start], gone);
    const source = sourceOf(router);
    await source.open();
    const late = gate();
    const acquire = router.acquire.bind(router);
    router.acquire = async (place) => (await late.opened, acquire(place));
    const reading = expect(source.next()).rejects.toMatchObject({ code: 'canceled' });
    source.close();
    late.open();
    await reading;
    expect(router.leases.map((lease) => lease.releases)).toEqual([1, 1]);
  });

  it('goes on three times, and not at the fourth worker that dies of it', async () => {
    const router = new ScriptedRouter();
    const steady: SpeechEvent = { type: 'start', sampleRateHz: 22_050, deterministic: true };
    const mark: SpeechEvent = { type: 'mark', piece: 0, samples: 100 };
    router.script = sends([steady, mark, audio('1234')], gone);
    const source = sourceOf(router);
    await source.open();
    for (let worker = 0; worker < 4; worker += 1) {
      expect(Buffer.from((await source.next()) ?? []).toString()).toBe('1234');
    }
    await expect(source.next()).rejects.toMatchObject({ code: 'replica_lost' });
    source.close();
    // Whoever came further at the worker that died is not refused for it.
    expect(router.requests.map(({ cameFurther }) => cameFurther)).toEqual([
      ...[false, true, true, true],
    ]);
    expect(router.leases.map(({ asked }) => asked)).toMatchObject([
      ...[[{}], [{ resume: { skipSamples: 1 } }], [{ resume: { skipSamples: 2 } }]],
      [{ resume: { skipSamples: 3 } }],
    ]);
    expect(router.leases.map(({ releases }) => releases)).toEqual([1, 1, 1, 1]);
  });
});
