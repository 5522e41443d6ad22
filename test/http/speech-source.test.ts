import { describe, expect, it } from 'vitest';

import { pino } from 'pino';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { SpeechMeter } from '../../src/http/speech-meter.js';
import { SpeechSource } from '../../src/http/speech-source.js';
import { ChorusError } from '../../src/protocol/errors.js';
import { gate } from '../support/streams.js';
import { ScriptedRouter } from '../support/scripted-router.js';
import { sends, start } from '../support/scripted-speech.js';

describe('the source of a speech', () => {
  it('keeps no place that comes in the moment in which it is closed', async () => {
    const router = new ScriptedRouter();
    router.script = sends([start], new ChorusError('replica_lost', 'Gone.'));
    const { signal } = new AbortController();
    const request = { model: 'm', text: 'Hello.', voice: 'v', speed: 1 };
    const source = new SpeechSource(router, {
      request,
      requestId: 'r',
      claim: { class: 'interactive', client: 'test' },
      signal,
      resumes: false,
      meter: new SpeechMeter(new Metrics(pino({ level: 'silent' })).requests, 'm'),
      onRetry: () => {},
    });
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
});
