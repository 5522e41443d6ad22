import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';

import { PROJECT_ROOT } from '../support/chorus.js';
import { patientAgent } from '../support/speak.js';
import { transcribe } from '../support/upload.js';
import { wavOf } from '../support/wav-file.js';
import { NvidiaSmi } from './nvidia-smi.js';
import { GpuServer, type LiveWorker } from './server.js';
import type { GpuSite } from './site.js';

/** A voice and what it says. */
interface Speech {
  readonly model: string;
  readonly voice: string;
  readonly input: string;
}

/** What both devices speak; lengths of one short and one long sentence of each engine. */
export const SPEECHES: readonly Speech[] = [
  { model: 'piper-en-us-joe', voice: 'joe' },
  { model: 'kokoro-82m', voice: 'af_heart' },
].flatMap((voice) => [
  { ...voice, input: 'The morning ferry leaves the harbour at dawn.' },
  {
    ...voice,
    input:
      'If you listen carefully, you can hear the river behind those tall trees, ' +
      'and the old clock in the hall that has stopped again.',
  },
]);

/** Models that both devices listen with. */
export const HEARERS = ['whisper-tiny.en', 'whisper-base'] as const;
/** All models of the checks. */
export const MODELS = {
  tts: [...new Set(SPEECHES.map(({ model }) => model))].join(','),
  asr: HEARERS.join(','),
} as const;

const RATE_HZ = 16_000;
/** Any will do: the same on both sides. */
const SEED = 7;
/** Recordings of the checkout; a bundle has none. */
const FIXTURES = ['speech-16k.wav', 'spanish-16k.wav'].map((name) =>
  join(PROJECT_ROOT, 'test/fixtures', name),
);

/** What a device made of everything. */
export interface Answers {
  readonly speech: readonly Int16Array[];
  /** Transcripts by model and file. */
  readonly texts: Readonly<Record<string, string>>;
}

/** What one check has found, for the printed line. */
export type Figures = Readonly<Record<string, unknown>>;

/** What the checks share: a server on the device, and what the CPU answered. */
export class CheckBed {
  readonly site: GpuSite;
  readonly smi: NvidiaSmi;
  /** In use on the GPU before there was a server; undefined where there is no driver. */
  readonly memoryBeforeBytes: number | undefined;
  /** What a server on the CPU answered. */
  readonly reference: Answers;
  readonly server: GpuServer;
  readonly #folder: string;

  private constructor(parts: Pick<CheckBed, 'site' | 'smi' | 'reference' | 'server'> & Kept) {
    this.site = parts.site;
    this.smi = parts.smi;
    this.reference = parts.reference;
    this.server = parts.server;
    this.memoryBeforeBytes = parts.memoryBeforeBytes;
    this.#folder = parts.folder;
  }

  /** Has the CPU answer everything, then starts the server that is checked. */
  static async make(site: GpuSite): Promise<CheckBed> {
    const smi = new NvidiaSmi(site.env);
    const folder = await mkdtemp(join(tmpdir(), 'chorus-gpu-checks-'));
    try {
      const memoryBeforeBytes =
        site.device === 'cpu' ? undefined : (await smi.memory(site.device)).usedBytes;
      const reference = await referenceOf(site, folder);
      const server = await GpuServer.start({ site, ...MODELS, replicas: 1 });
      return new CheckBed({ site, smi, folder, memoryBeforeBytes, reference, server });
    } catch (caught) {
      await rm(folder, { recursive: true, force: true });
      throw caught;
    }
  }

  /** Whether there is a driver to ask; a rehearsal without a fake one has none. */
  get hasDriver(): boolean {
    return this.site.device !== 'cpu';
  }

  /** What the server under check speaks. */
  speech(): Promise<Answers['speech']> {
    return spoken(this.server.url);
  }

  /** What the server under check writes down. */
  texts(): Promise<Answers['texts']> {
    return heard(this.server.url, this.#folder);
  }

  /** The worker that is ready, and in another process than the one that is named. */
  worker(otherThan?: number): Promise<LiveWorker> {
    return this.server.worker(otherThan);
  }

  /** Ends the server and removes the files. */
  async remove(): Promise<void> {
    await this.server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

interface Kept {
  readonly folder: string;
  readonly memoryBeforeBytes: number | undefined;
}

async function referenceOf(site: GpuSite, folder: string): Promise<Answers> {
  const server = await GpuServer.start({ site, ...MODELS, device: 'cpu', replicas: 1 });
  try {
    const speech = await spoken(server.url);
    // Speech that is heard by both: a bundle has no recordings with it.
    for (const [at, pcm] of speech.entries()) {
      const bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
      await writeFile(join(folder, `${at}.wav`), wavOf(bytes, RATE_HZ));
    }
    return { speech, texts: await heard(server.url, folder) };
  } finally {
    await server.stop();
  }
}

async function spoken(url: string): Promise<Int16Array[]> {
  const all: Int16Array[] = [];
  for (const speech of SPEECHES) all.push(await speechOf(url, speech));
  return all;
}

/** Has a server speak; samples of 16 kHz. @throws Error if it does not answer 200. */
export async function speechOf(url: string, speech: Speech, seed = SEED): Promise<Int16Array> {
  const { statusCode, body } = await request(`${url}/v1/audio/speech`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...speech, seed, response_format: 'pcm', sample_rate: RATE_HZ }),
    dispatcher: patientAgent,
  });
  if (statusCode !== 200) throw new Error(`${speech.model}: ${statusCode} ${await body.text()}`);
  return new Int16Array(await body.arrayBuffer());
}

async function heard(url: string, folder: string): Promise<Readonly<Record<string, string>>> {
  const spokenFiles = SPEECHES.map((_, at) => join(folder, `${at}.wav`));
  const texts: Record<string, string> = {};
  for (const model of HEARERS) {
    for (const file of [...spokenFiles, ...FIXTURES.filter((path) => existsSync(path))]) {
      const name = `${model} ${file.slice(file.lastIndexOf('/') + 1)}`;
      texts[name] = await transcribe({ url: `${url}/v1/audio/transcriptions`, file, model });
    }
  }
  return texts;
}
