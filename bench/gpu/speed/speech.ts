import { closedLoop } from '../../support/closed-loop.js';
import { note, print } from '../../support/report.js';
import { speak, type HeardSpeech } from '../../support/speak.js';
import { quantile, rounded, sum } from '../../support/statistics.js';
import { shortText } from '../../texts.js';
import { SPEECHES } from '../bed.js';
import type { Series } from '../speed.js';
import { atLeast, atMost, GOALS } from './goals.js';

/** The voices, each once. */
export const VOICES = [
  ...new Map(SPEECHES.map(({ model, voice }) => [model, { model, voice }])).values(),
];
const PER_CLIENT = 4;
const WARM_UP_TEXTS = 4;

/** Speech of each voice, at each number of requests in flight. */
export async function speakAll(series: Series): Promise<void> {
  for (const voice of VOICES) {
    await heardOf(series, voice, { clients: WARM_UP_TEXTS, requests: WARM_UP_TEXTS });
    for (const clients of series.concurrency) {
      note(`gpu: ${voice.model}, ${series.replicas} replica(s), ${clients} in flight`);
      const requests = Math.max(series.requests, PER_CLIENT * clients);
      const { results, wallSeconds } = await heardOf(series, voice, { clients, requests });
      printRun({ series, model: voice.model, clients }, results, wallSeconds);
    }
  }
}

/** Has so many clients listen to so many texts of ten seconds. */
export function heardOf(
  { url }: Pick<Series, 'url'>,
  voice: (typeof VOICES)[number],
  { clients, requests }: { readonly clients: number; readonly requests: number },
): Promise<{ readonly results: readonly HeardSpeech[]; readonly wallSeconds: number }> {
  return closedLoop({
    items: Array.from({ length: requests }, (_, number) => shortText(number)),
    clients,
    work: (input) =>
      speak({
        url: `${url}/v1/audio/speech`,
        body: { ...voice, input, response_format: 'wav' },
      }),
  });
}

function printRun(
  run: { readonly series: Series; readonly model: string; readonly clients: number },
  heard: readonly HeardSpeech[],
  wallSeconds: number,
): void {
  const { series, model, clients } = run;
  const firsts = heard.map(({ firstAudioMs }) => firstAudioMs);
  const audioSeconds = sum(heard.map((one) => one.audioSeconds));
  const timesRealTime = rounded(audioSeconds / wallSeconds);
  const firstAudioP50Ms = rounded(quantile(firsts, 0.5));
  print({
    ...{ bench: 'gpu', kind: 'speech', model, replicas: series.replicas, concurrency: clients },
    requests: heard.length,
    audioSeconds: rounded(audioSeconds),
    wallSeconds: rounded(wallSeconds),
    timesRealTime,
    firstAudioP50Ms,
    firstAudioP95Ms: rounded(quantile(firsts, 0.95)),
    goals: {
      timesRealTime: atLeast(GOALS.speechTimesRealTime, timesRealTime),
      firstAudioP50Ms: atMost(GOALS.firstAudioMs, firstAudioP50Ms),
    },
  });
}
