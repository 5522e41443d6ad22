import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type {
  JobContext,
  Replica,
  ReplicaLoad,
  SpeechModel,
  StepControl,
} from '../../src/engines/engine.js';
import type { ModelCard } from '../../src/models/card.js';
import type { SynthesisRequest } from '../../src/protocol/requests.js';

/** The part of a card that the speech engines look at. */
export function cardOf(id: string): ModelCard {
  return {
    id,
    name: id,
    description: '',
    task: 'tts',
    engine: 'none',
    licence: 'Apache-2.0',
    languages: ['en'],
    aliases: [],
    capabilities: [],
    voices: [],
    voiceAliases: {},
    files: [{ path: 'model.onnx', bytes: 1, sha256: '0'.repeat(64), sources: [] }],
  };
}

/** Control of a step that nobody cancels. */
export const NEVER_CANCELED: StepControl = { canceled: false };

/** How a test's replica loads: one thread on the CPU. */
export function loadOf(modelDir: string, given: Partial<ReplicaLoad> = {}): ReplicaLoad {
  return { card: cardOf('test'), modelDir, target: { kind: 'cpu' }, threads: 1, ...given };
}

/** A request with what a test does not care about filled in. */
export function requestOf(request: Partial<SynthesisRequest>): SynthesisRequest {
  return { model: 'test', text: 'Hello.', voice: 'any', speed: 1, ...request };
}

/** What a request was answered with, marks left out. */
export interface Spoken<Step> {
  readonly steps: readonly Step[];
  readonly events: readonly string[];
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
  readonly seconds: number;
}

/** Speaks a request from end to end, its steps run by a replica in this thread. */
export async function speak<Step, Result>(
  model: SpeechModel<Step, Result>,
  replica: Replica<Step, Result>,
  request: Partial<SynthesisRequest>,
): Promise<Spoken<Step>> {
  const steps: Step[] = [];
  const context: JobContext<Step, Result> = {
    signal: new AbortController().signal,
    async step(given) {
      const step = typeof given === 'function' ? (given as () => Step)() : given;
      steps.push(step);
      return (await replica.run(step, NEVER_CANCELED)).result;
    },
  };
  const events: string[] = [];
  const chunks: Uint8Array[] = [];
  let sampleRateHz = 0;
  for await (const event of model.synthesize(requestOf(request), context)) {
    if (event.type !== 'mark') events.push(event.type);
    if (event.type === 'start') ({ sampleRateHz } = event);
    if (event.type === 'audio') chunks.push(event.pcm);
  }
  const samples = new Float32Array(Uint8Array.from(Buffer.concat(chunks)).buffer);
  return { steps, events, samples, sampleRateHz, seconds: samples.length / sampleRateHz };
}

/** The strongest sample. */
export function peakOf(samples: Float32Array): number {
  return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
}

/** Root of the mean square: how loud it is. */
export function rmsOf(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

/** Makes a model folder from other folders' files, uses it and removes it. */
export async function withModelDir<T>(
  files: Readonly<Record<string, string>>,
  use: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-model-'));
  try {
    for (const [name, source] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await copyFile(source, join(dir, name));
    }
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}
