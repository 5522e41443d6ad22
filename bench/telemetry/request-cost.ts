import { pino } from 'pino';

import { SpeechMeter } from '../../src/http/speech-meter.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { machineState } from '../support/machine.js';
import { print } from '../support/report.js';
import { rounded, spread } from '../support/statistics.js';

const GOAL_US = 20;
const WARM_UP_REQUESTS = 20_000;
const REQUESTS = 50_000;
/** Pieces of speech of a request. */
const PIECES = 4;
const MODELS = Array.from({ length: 10 }, (_, n) => `model-${n}`);
const LENGTHS = { characters: 60, audioSeconds: 3, computeSeconds: 0.4 };

/** Measures what counting and timing a speech request costs, all of it together. */
export function benchRequestCost(rounds: number): void {
  const { requests } = new Metrics(pino({ level: 'silent' }));
  for (let n = 0; n < WARM_UP_REQUESTS; n += 1) measureOne(requests, n);
  const costsUs = Array.from({ length: rounds }, (_, round) => {
    const machine = machineState();
    const startedAtMs = performance.now();
    for (let n = 0; n < REQUESTS; n += 1) measureOne(requests, n);
    const costUs = ((performance.now() - startedAtMs) * 1000) / REQUESTS;
    print({ bench: 'metrics', kind: 'request', round, costUs: rounded(costUs), ...machine });
    return costUs;
  });
  print({
    bench: 'metrics',
    kind: 'summary',
    part: 'request',
    costUs: spread(costsUs),
    goalUs: GOAL_US,
  });
}

/** What the doors tell of one request that is spoken in several pieces. */
function measureOne(requests: Metrics['requests'], n: number): void {
  const model = MODELS[n % MODELS.length] ?? '';
  const meter = new SpeechMeter(requests, model);
  requests.waited({ service: 'tts', model, class: 'interactive' }, 0.002);
  meter.dispatched(LENGTHS.characters);
  meter.audibleAfter(0.01);
  for (let piece = 0; piece < PIECES; piece += 1) {
    meter.wanted();
    meter.audio(LENGTHS.audioSeconds / PIECES);
  }
  meter.firstByte();
  meter.used(LENGTHS);
  meter.end();
  const route = '/v1/audio/speech';
  requests.ended({ route, task: 'tts', model, outcome: 'ok', seconds: 0.3 });
}
