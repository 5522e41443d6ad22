import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ChorusProcess, startChorus } from './chorus-process.js';
import { wavBytes } from './wav-bytes.js';
import { readSpeech } from './whisper.js';

const RATE_HZ = 16_000;

/** What the fixture of speech says. */
export const SENTENCES = [
  'the station was quiet when the morning train came in',
  'nobody had seen a crowd of that size for years',
  'the driver smiled and all the children laughed',
] as const;
/** Where the fixture's first sentence ends, the pause included. */
const FIRST_SENTENCE_SECONDS = 3.16;

/** A server with real weights behind keys, and files for programs that use it. */
export class NlsSdkServer {
  static readonly token = 'a-token-of-the-tests';
  static readonly appkey = 'an-appkey-of-the-tests';
  readonly chorus: ChorusProcess;
  readonly #folder: string;

  private constructor(chorus: ChorusProcess, folder: string) {
    this.chorus = chorus;
    this.#folder = folder;
  }

  static async start(): Promise<NlsSdkServer> {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-nls-'));
    const speech = await readSpeech();
    await writeFile(join(folder, 'speech.pcm'), speech);
    const sentence = speech.subarray(0, FIRST_SENTENCE_SECONDS * RATE_HZ);
    await writeFile(join(folder, 'sentence.pcm'), sentence);
    const chorus = await startChorus({
      TTS_MODELS: 'piper-en-us-joe',
      ASR_MODELS: 'whisper-tiny.en',
      TTS_THREADS: '1',
      ASR_THREADS: '1',
      ASR_REPLICAS: '1',
      APPTOKEN: NlsSdkServer.token,
      APPKEY: NlsSdkServer.appkey,
    });
    return new NlsSdkServer(chorus, folder);
  }

  /** What every program is given; whatever is spoken goes to {@link NlsSdkServer.spoken}. */
  get access(): { url: string; token: string; appkey: string; output: string } {
    const { token, appkey } = NlsSdkServer;
    const url = `${this.chorus.url.replace('http', 'ws')}/ws/v1`;
    return { url, token, appkey, output: this.path('output') };
  }

  /** Raw speech of 16 kHz: all of the fixture, or its first sentence. */
  path(name: 'speech.pcm' | 'sentence.pcm' | 'output'): string {
    return join(this.#folder, name);
  }

  /** The audio that a program has kept. */
  spoken(): Promise<Buffer> {
    return readFile(this.path('output'));
  }

  /** What the server itself hears in audio: in raw PCM of 16 kHz, or in a file. */
  async hear(audio: Buffer, format: 'pcm' | 'file'): Promise<string> {
    const file = format === 'pcm' ? wavBytes({ data: audio, rateHz: RATE_HZ }) : audio;
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(file)]), 'speech');
    form.append('model', 'whisper-1');
    const headers = { authorization: `Bearer ${NlsSdkServer.token}` };
    const url = `${this.chorus.url}/v1/audio/transcriptions`;
    const answer = await fetch(url, { method: 'POST', body: form, headers });
    return ((await answer.json()) as { text: string }).text;
  }

  async stop(): Promise<number | null> {
    const code = await this.chorus.stop();
    await rm(this.#folder, { recursive: true, force: true });
    return code;
  }
}
