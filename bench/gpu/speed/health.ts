import { sampleHealth } from '../../supervision/sample-health.js';
import { note, print } from '../../support/report.js';
import { quantile, rounded } from '../../support/statistics.js';
import { HEARERS } from '../bed.js';
import type { Series } from '../speed.js';
import { atMost, GOALS } from './goals.js';
import { heardBy } from './recognition.js';
import { heardOf, VOICES } from './speech.js';

const EVERY_MS = 20;

/** `/health` while every model works on as many requests as it takes. */
export async function healthUnderLoad(series: Series): Promise<void> {
  const { url, replicas, seconds } = series;
  const clients = Math.max(...series.concurrency);
  note(`gpu: /health for ${seconds} s, ${clients} in flight of each model`);
  const over = { is: false };
  const rounds = [
    ...VOICES.map((voice) => () => heardOf(series, voice, { clients, requests: clients })),
    ...HEARERS.map((model) => () => heardBy(series, model, { clients, requests: clients })),
  ].map((round) => untilOver(over, round));
  const { latenciesMs, lagsMs } = await sampleHealth({ url, seconds, everyMs: EVERY_MS });
  over.is = true;
  const answered = (await Promise.all(rounds)).reduce((all, one) => all + one, 0);
  const p95Ms = rounded(quantile(latenciesMs, 0.95));
  print({
    ...{ bench: 'gpu', kind: 'health', replicas, concurrency: clients * rounds.length },
    samples: latenciesMs.length,
    answered,
    p50Ms: rounded(quantile(latenciesMs, 0.5)),
    p95Ms,
    p99Ms: rounded(quantile(latenciesMs, 0.99)),
    samplerLagP95Ms: rounded(quantile(lagsMs, 0.95)),
    goals: { p95Ms: atMost(GOALS.healthP95Ms, p95Ms) },
  });
}

/** Again and again; resolves with how many requests were answered. */
async function untilOver(
  over: { readonly is: boolean },
  round: () => Promise<{ readonly results: readonly unknown[] }>,
): Promise<number> {
  let answered = 0;
  while (!over.is) answered += (await round()).results.length;
  return answered;
}
