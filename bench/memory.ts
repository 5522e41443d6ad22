import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { startChorus } from './support/chorus.js';
import type { Chorus } from './support/chorus.js';
import { JOE } from './support/joe.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { peakRssBytes, processMemory, treeMemory } from './support/process-tree.js';
import type { TreeMemory } from './support/process-tree.js';
import { note, print } from './support/report.js';
import { speak } from './support/speak.js';
import { rounded } from './support/statistics.js';
import { studioFile } from './support/studio-file.js';
import { transcribe } from './support/upload.js';
import { longText, shortText } from './texts.js';

/** What `bench memory` can be told. */
export interface MemoryBenchOptions {
  readonly minutes: number;
  readonly speakers: number;
  readonly uploaders: number;
  readonly uploadBytes: number;
  readonly pauseSeconds: number;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

/** What the clients have seen so far. */
interface Tally {
  texts: number;
  audioSeconds: number;
  uploadsSent: number;
  transcripts: number;
  failures: number;
}

const ASR_MODEL = 'whisper-tiny.en';
const LINE_EVERY_SECONDS = 10;
const SAMPLE_EVERY_MS = 1_000;
const WARM_UP_UPLOAD_BYTES = 1_000_000;
/** Time for the last bytes of an upload to be read before its client goes away. */
const SENT_GRACE_MS = 1_000;
const REST_MS = 5_000;

/** Watches the memory of the supervisor while clients stream long texts and upload large files. */
export async function benchMemory(options: MemoryBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const chorus = await startChorus({ ...options, tts: JOE.model, asr: ASR_MODEL, modelsDir });
  try {
    const idle = await processMemory(chorus.pid);
    print({
      bench: 'memory',
      kind: 'setup',
      ...machineFacts(),
      ...options,
      idleSupervisorRssBytes: idle.rssBytes,
    });
    const file = await warmUp(chorus, options);
    await watch(chorus, file, options);
  } finally {
    await chorus.stop();
  }
}

/** One short request of each kind, so that code is compiled and connections are made. */
async function warmUp(chorus: Chorus, options: MemoryBenchOptions): Promise<string> {
  const studio = (bytes: number): Promise<string> =>
    studioFile({
      speechUrl: `${chorus.url}/v1/audio/speech`,
      text: longText(0).slice(0, 1_000),
      bytes,
    });
  await speakOnce(chorus, shortText(0));
  const small = await studio(WARM_UP_UPLOAD_BYTES);
  await transcribe({ url: transcriptionsUrl(chorus), file: small, model: ASR_MODEL });
  return studio(options.uploadBytes);
}

async function watch(chorus: Chorus, file: string, options: MemoryBenchOptions): Promise<void> {
  const tally: Tally = { texts: 0, audioSeconds: 0, uploadsSent: 0, transcripts: 0, failures: 0 };
  const end = new AbortController();
  // Every client listens to it.
  setMaxListeners(0, end.signal);
  const load: Load = { chorus, file, tally, options, signal: end.signal };
  const start = await sample(chorus.pid);
  printSample({ seconds: 0, now: start, start, tally });
  const clients = [
    ...Array.from({ length: options.speakers }, (_, client) => speakAgain(load, client)),
    ...Array.from({ length: options.uploaders }, (_, client) => uploadAgain(load, client)),
  ];
  const peak = await sampleFor(load, start);
  end.abort();
  await Promise.all(clients);
  // What is only garbage may go; what stays is held.
  await delay(REST_MS);
  const last = await sample(chorus.pid);
  print({
    bench: 'memory',
    kind: 'summary',
    seconds: options.minutes * 60,
    ...tally,
    audioSeconds: rounded(tally.audioSeconds),
    supervisorRssBytes: { start: start.rssBytes, peak, end: last.rssBytes },
    kernelPeakRssBytes: await peakRssBytes(chorus.pid),
    growthBytes: { peak: peak - start.rssBytes, end: last.rssBytes - start.rssBytes },
    treeRssBytes: { start: start.tree.rssBytes, end: last.tree.rssBytes },
    ...machineState(),
  });
}

interface Load {
  readonly chorus: Chorus;
  readonly file: string;
  readonly tally: Tally;
  readonly options: MemoryBenchOptions;
  readonly signal: AbortSignal;
}

async function speakOnce(chorus: Chorus, input: string, signal?: AbortSignal): Promise<number> {
  const url = `${chorus.url}/v1/audio/speech`;
  const body = { ...JOE, input, response_format: 'wav' };
  return (await speak({ url, body, signal })).audioSeconds;
}

function transcriptionsUrl(chorus: Chorus): string {
  return `${chorus.url}/v1/audio/transcriptions`;
}

/** One speaking client: a text of the greatest length, and then the next. */
async function speakAgain(load: Load, client: number): Promise<void> {
  const { chorus, tally, signal } = load;
  for (let turn = 0; !signal.aborted; turn += 1) {
    await counted(load, async () => {
      const text = longText(client * 100 + turn);
      // Not added in one expression: that would read the sum before the wait, and others add too.
      const audioSeconds = await speakOnce(chorus, text, signal);
      tally.audioSeconds += audioSeconds;
      tally.texts += 1;
    });
  }
}

/**
 * One uploading client. The even ones wait for their transcripts; the odd ones leave when the file
 * is sent, so that spooling and clearing away go on while the recogniser is busy.
 */
async function uploadAgain(load: Load, client: number): Promise<void> {
  const { chorus, file, tally, signal, options } = load;
  while (!signal.aborted) {
    await counted(load, async () => {
      const left = new AbortController();
      const onSent = (): void => {
        tally.uploadsSent += 1;
        if (client % 2 === 1) setTimeout(() => left.abort(), SENT_GRACE_MS);
      };
      const both = AbortSignal.any([signal, left.signal]);
      const call = { url: transcriptionsUrl(chorus), file, model: ASR_MODEL, signal: both, onSent };
      try {
        await transcribe(call);
        tally.transcripts += 1;
      } catch (caught) {
        if (!left.signal.aborted) throw caught;
      }
    });
    await delay(options.pauseSeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}

/** Counts a failed call instead of ending the bench: a refusal under load is an answer too. */
async function counted(load: Load, call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (caught) {
    if (load.signal.aborted) return;
    load.tally.failures += 1;
    note(caught instanceof Error ? caught.message : String(caught));
    // A server that refuses at once must not make this a busy loop.
    await delay(SAMPLE_EVERY_MS, undefined, { signal: load.signal }).catch(() => undefined);
  }
}

interface Sample {
  readonly rssBytes: number;
  readonly tree: TreeMemory;
}

async function sample(pid: number): Promise<Sample> {
  const [{ rssBytes }, tree] = await Promise.all([processMemory(pid), treeMemory(pid)]);
  return { rssBytes, tree };
}

/** Samples once a second, prints every ten, and gives the most that the supervisor had. */
async function sampleFor(load: Load, start: Sample): Promise<number> {
  const beginMs = performance.now();
  const { chorus, tally, options } = load;
  let peak = start.rssBytes;
  let printed = 0;
  for (;;) {
    await delay(SAMPLE_EVERY_MS);
    const now = await sample(chorus.pid);
    if (now.rssBytes === 0) throw new Error('The supervisor has ended.');
    peak = Math.max(peak, now.rssBytes);
    const seconds = (performance.now() - beginMs) / 1000;
    if (seconds >= printed + LINE_EVERY_SECONDS) {
      printed += LINE_EVERY_SECONDS;
      printSample({ seconds, now, start, tally });
    }
    if (seconds >= options.minutes * 60) return peak;
  }
}

interface SampleLine {
  readonly seconds: number;
  readonly now: Sample;
  readonly start: Sample;
  readonly tally: Tally;
}

function printSample({ seconds, now, start, tally }: SampleLine): void {
  print({
    bench: 'memory',
    kind: 'sample',
    seconds: rounded(seconds),
    supervisorRssBytes: now.rssBytes,
    growthBytes: now.rssBytes - start.rssBytes,
    tree: now.tree,
    ...tally,
    audioSeconds: rounded(tally.audioSeconds),
    ...machineState(),
  });
}
