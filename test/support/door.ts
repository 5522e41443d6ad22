import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { AsrModelMode, CloneModelVersion, TtsModelMode } from '../../src/config/settings.js';
import type { AdminPort } from '../../src/http/admin-port.js';
import { Admissions } from '../../src/http/admissions.js';
import { createApp } from '../../src/http/app.js';
import { authKeysOf } from '../../src/http/auth-keys.js';
import type { ModelNames } from '../../src/http/catalogue-port.js';
import type { AsyncJobs } from '../../src/http/nls/async/async-jobs.js';
import type { AppDependencies } from '../../src/http/dependencies.js';
import { createServer } from '../../src/http/server.js';
import type { StoredVoices } from '../../src/http/voices-port.js';
import { cardSchema, type ModelCard } from '../../src/models/card.js';
import { resolveVoice } from '../../src/models/voices.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import type { GpuView, WorkerMemoryView } from '../../src/http/telemetry-port.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { EncodeRequest, MediaClient } from '../../src/protocol/media.js';
import type { ServerStatus } from '../../src/protocol/status.js';
import { SystemSampler } from '../../src/telemetry/system/sampler.js';
import { ScriptedRouter } from './scripted-router.js';

/*
 * A door on a loopback socket whose other side is scripted by the test: what a worker answers, and
 * when. The doors are real; engines and processes are not part of these tests.
 */

function card(fields: Partial<ModelCard> & { id: string }): ModelCard {
  const file = { path: 'w.bin', bytes: 1, sha256: 'a'.repeat(64) };
  const source = { type: 'huggingface', repo: 'a/b', path: 'w.bin' };
  return cardSchema.parse({
    name: fields.id,
    description: 'A card of the tests.',
    task: 'tts',
    engine: 'none',
    licence: 'MIT',
    languages: ['en'],
    files: [{ ...file, sources: [source] }],
    ...fields,
  });
}

export const voiceCard = card({
  id: 'voice-model',
  voices: [{ id: 'joe', name: 'Joe', language: 'en-US', gender: 'male' }],
  voiceAliases: { alloy: 'joe' },
});
export const obedientCard = card({
  id: 'obedient',
  voices: [
    { id: 'joe', name: 'Joe', language: 'en-US' },
    { id: 'ann', name: 'Ann', language: 'en-US' },
  ],
  voiceAliases: { alloy: 'joe' },
  capabilities: ['instructions', 'voice-mixing'],
});
export const earCard = card({ id: 'ear-model', task: 'asr' });
export const wideEarCard = card({ id: 'wide-ear', task: 'asr', languages: ['en', 'de'] });
/** Hears two languages and translates. */
export const interpreterCard = card({
  id: 'interpreter',
  task: 'asr',
  languages: ['en', 'fr'],
  capabilities: ['translation'],
});

/** Names as the catalogue resolves them, over a few cards; `wide-ear` is not configured. */
const usualCatalogue: ModelNames = {
  configured: (service) => (service === 'tts' ? [voiceCard] : [earCard]),
  all: () => [voiceCard, earCard, wideEarCard, interpreterCard],
  resolveModel(name, service) {
    const aliases: Record<string, ModelCard> = { 'tts-1': voiceCard, 'whisper-1': earCard };
    const named = [voiceCard, obedientCard, earCard, wideEarCard, interpreterCard];
    const found = named.find(({ id }) => id === name) ?? aliases[name];
    const details = { param: 'model' };
    if (found === undefined) throw new ChorusError('model_not_found', `No model ${name}.`, details);
    if (service !== undefined && found.task !== service) {
      throw new ChorusError('wrong_task', `${name} is for ${found.task}.`, details);
    }
    return found;
  },
  resolveVoice,
};

export { usualCatalogue as catalogue };

/** Passes PCM through as it is, and takes an upload for PCM unless it says `noise`. */
export class PassingMedia implements MediaClient {
  readonly encodes: EncodeRequest[] = [];
  /** What the next looks at a format are answered with. */
  refusals: ChorusError[] = [];

  async decode({ inputPath, outputPath, sampleRateHz }: Parameters<MediaClient['decode']>[0]) {
    const bytes = await readFile(inputPath);
    if (bytes.toString('latin1').startsWith('noise')) {
      throw new ChorusError('undecodable_audio', 'The file is no audio.', { param: 'file' });
    }
    await writeFile(outputPath, bytes);
    const samples = Math.floor(bytes.length / 2);
    return { format: 'wav', samples, durationSeconds: samples / sampleRateHz };
  }

  async checkFormat(): Promise<void> {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
  }

  async *encode(
    request: EncodeRequest,
    pcm: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    this.encodes.push(request);
    yield* pcm;
  }
}

export const readyStatus: ServerStatus = {
  version: '0.0.0',
  startedAtMs: Date.now(),
  draining: false,
  services: {
    tts: { configured: true, everReady: true, readyReplicas: 1 },
    asr: { configured: true, everReady: true, readyReplicas: 1 },
  },
  workers: [
    {
      id: 'cpu-0',
      device: 'cpu',
      pid: 42,
      state: 'ready',
      services: ['tts', 'asr'],
      restarts: 0,
      models: [{ id: 'voice-model', service: 'tts', state: 'ready', replicas: 1, provider: 'cpu' }],
    },
  ],
  media: { pid: 43, state: 'ready', restarts: 0 },
  requests: { leases: 0, queued: 0, streams: 0 },
  reload: { state: 'idle', done: [], left: [] },
  warnings: ['a warning'],
};

/** As on a machine without GPUs. */
export const noGpus: GpuView = {
  snapshot: undefined,
  error: 'There is no NVIDIA driver here.',
  temperatureWarnings: new Set(),
  xidCounts: new Map(),
};

/** A store without voices. */
export const noVoices: StoredVoices = {
  list: () => [],
  get: () => undefined,
  add: () => Promise.reject(new ChorusError('storage_full', 'There is no room for voices.')),
  remove: () => Promise.reject(new ChorusError('speaker_not_found', 'There are no voices.')),
  refresh: () => Promise.resolve({ total: 0, added: 0, removed: 0 }),
};

/** What a test may set about its door. */
export interface DoorOptions {
  readonly apiKeys?: readonly string[];
  readonly adminKeys?: readonly string[];
  /** `APPTOKEN` and `APPKEY`. */
  readonly appTokens?: readonly string[];
  readonly appKeys?: readonly string[];
  readonly maxUploadBytes?: number;
  readonly maxStreams?: number;
  readonly debug?: boolean;
  readonly publicUrl?: string;
  readonly status?: () => ServerStatus;
  readonly ttsModelMode?: TtsModelMode;
  readonly cloneModelVersion?: CloneModelVersion;
  readonly asrModelMode?: AsrModelMode;
  readonly fetchAllowHosts?: readonly string[];
  /** Absent = {@link catalogue}. */
  readonly catalogue?: ModelNames;
  /** Absent = there are none, and none can be added. */
  readonly voices?: StoredVoices;
  /** Absent = there are no routes for jobs. */
  readonly jobs?: AsyncJobs;
}

/** An open door. */
export class Door {
  readonly router = new ScriptedRouter();
  readonly media = new PassingMedia();
  readonly admissions = new Admissions();
  /** Workers that were told to restart, and how often all were. */
  readonly restarted: string[] = [];
  readonly admin: AdminPort = {
    restartWorker: (id) => {
      if (id !== 'cpu-0') {
        const message = `There is no worker ${id}; there are: cpu-0.`;
        throw new ChorusError('worker_not_found', message);
      }
      this.restarted.push(id);
      return Promise.resolve();
    },
    reload: () => {
      this.restarted.push('all');
      return { state: 'running', done: [], left: ['cpu-0'] };
    },
  };
  readonly spoolDir: string;
  /** What the door is told of GPUs and of workers' memory; the host's figures are real. */
  gpus: GpuView = noGpus;
  workers: readonly WorkerMemoryView[] = [];
  /** Emits `handled` when all middleware of a request has ended, and `log` for each line. */
  readonly events = new EventEmitter();
  readonly app: ReturnType<typeof createApp>;
  readonly server: ReturnType<typeof createServer>;

  private constructor(spoolDir: string, options: DoorOptions) {
    this.spoolDir = spoolDir;
    const settings = {
      maxUploadBytes: options.maxUploadBytes ?? 1024 * 1024,
      maxStreams: options.maxStreams ?? 256,
      ttsModelMode: options.ttsModelMode ?? 'all',
      cloneModelVersion: options.cloneModelVersion ?? 'cosyvoice2',
      cosyvoice3ModelId: 'owner/clone-3',
      asrModelMode: options.asrModelMode ?? 'all',
      fetchAllowHosts: options.fetchAllowHosts ?? [],
      debug: options.debug ?? false,
      publicUrl: options.publicUrl,
    } as const;
    const app = createApp(this.#dependencies(settings, options));
    this.app = app;
    app.middleware.unshift(async (_, next) => {
      await next();
      this.events.emit('handled');
    });
    this.server = createServer(app, settings);
  }

  static async open(options: DoorOptions = {}): Promise<Door> {
    const door = new Door(await mkdtemp(join(tmpdir(), 'chorus-door-')), options);
    await once(door.server.listen(0, '127.0.0.1'), 'listening');
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  #dependencies(settings: AppDependencies['settings'], options: DoorOptions): AppDependencies {
    const { status = () => readyStatus, voices = noVoices, catalogue = usualCatalogue } = options;
    const lines = { write: (line: string) => void this.events.emit('log', JSON.parse(line)) };
    const { router, media, spoolDir } = this;
    const keys = authKeysOf(options);
    const doors = { settings, keys, admissions: this.admissions, admin: this.admin };
    const sampler = new SystemSampler({ diskDir: spoolDir });
    const telemetry = {
      system: () => sampler.sample(),
      gpus: () => this.gpus,
      workers: () => this.workers,
    };
    const log = pino({}, lines);
    const metrics = new Metrics(log);
    const given = { router, media, catalogue, voices, status, metrics, telemetry };
    return { ...doors, ...given, jobs: options.jobs, spoolDir, log };
  }

  /** Resolves when the next request has been dealt with, clean-up included. */
  handled(): Promise<unknown> {
    return once(this.events, 'handled');
  }

  /** Everything that is left in the spool folder. */
  spooled(): Promise<string[]> {
    return readdir(this.spoolDir, { recursive: true });
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  postJson(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', ...init.headers };
    return this.get(path, { ...init, method: 'POST', body: text, headers });
  }

  postForm(path: string, fields: readonly (readonly [string, string | Blob])[]): Promise<Response> {
    const form = new FormData();
    for (const [name, value] of fields) form.append(name, value);
    return this.get(path, { method: 'POST', body: form });
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await rm(this.spoolDir, { recursive: true, force: true });
  }
}

/** The error object of an answer. */
export async function errorOf(response: Response): Promise<Record<string, unknown>> {
  const body = (await response.json()) as { error: Record<string, unknown> };
  return body.error;
}
