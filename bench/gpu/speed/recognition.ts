import { closedLoop } from '../../support/closed-loop.js';
import { note, print } from '../../support/report.js';
import type { SpokenFile } from '../../support/spoken-files.js';
import { quantile, rounded, sum } from '../../support/statistics.js';
import { transcribe } from '../../support/upload.js';
import { HEARERS } from '../bed.js';
import type { Series } from '../speed.js';
import { atLeast, GOALS } from './goals.js';

const PER_CLIENT = 2;

/** Recognition by each model, at each number of requests in flight: a worker batches what waits. */
export async function hearAll(series: Series): Promise<void> {
  for (const model of HEARERS) {
    // Once alone, so that nothing is measured that is done once.
    await heardBy(series, model, { clients: 1, requests: 1 });
    for (const clients of series.concurrency) {
      note(`gpu: ${model}, ${series.replicas} replica(s), ${clients} in flight`);
      const requests = Math.max(series.files.length, PER_CLIENT * clients);
      const { results, wallSeconds } = await heardBy(series, model, { clients, requests });
      printRun({ series, model, clients }, results, wallSeconds);
    }
  }
}

interface HeardFile {
  readonly audioSeconds: number;
  readonly tookMs: number;
}

/** Has so many clients upload so many files, one after the other. */
export function heardBy(
  { url, files }: Pick<Series, 'url' | 'files'>,
  model: string,
  { clients, requests }: { readonly clients: number; readonly requests: number },
): Promise<{ readonly results: readonly HeardFile[]; readonly wallSeconds: number }> {
  const items = Array.from(
    { length: requests },
    (_, number) => files[number % files.length],
  ).filter((file) => file !== undefined);
  const work = async ({ file, audioSeconds }: SpokenFile): Promise<HeardFile> => {
    const beginMs = performance.now();
    await transcribe({ url: `${url}/v1/audio/transcriptions`, file, model });
    return { audioSeconds, tookMs: performance.now() - beginMs };
  };
  return closedLoop({ items, clients, work });
}

function printRun(
  run: { readonly series: Series; readonly model: string; readonly clients: number },
  heard: readonly HeardFile[],
  wallSeconds: number,
): void {
  const { series, model, clients } = run;
  const audioSeconds = sum(heard.map((file) => file.audioSeconds));
  const timesRealTime = rounded(audioSeconds / wallSeconds);
  const tookMs = heard.map((file) => file.tookMs);
  const isGoal = model === 'whisper-base' && clients > 1;
  print({
    ...{ bench: 'gpu', kind: 'recognition', model, replicas: series.replicas },
    ...{ concurrency: clients, requests: heard.length },
    audioSeconds: rounded(audioSeconds),
    wallSeconds: rounded(wallSeconds),
    timesRealTime,
    tookP50Ms: rounded(quantile(tookMs, 0.5)),
    tookP95Ms: rounded(quantile(tookMs, 0.95)),
    ...(isGoal && { goals: { timesRealTime: atLeast(GOALS.batchedTimesRealTime, timesRealTime) } }),
  });
}
