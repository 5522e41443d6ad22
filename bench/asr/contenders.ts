import { request } from 'undici';

import { startFasterWhisper } from '../peers/faster-whisper.js';
import type { FasterWhisperPeer } from '../peers/faster-whisper.js';
import { startChorus } from '../support/chorus.js';
import type { Chorus } from '../support/chorus.js';
import { transcribe } from '../support/upload.js';
import type { AsrPlan } from './plan.js';

/** Somebody who writes down what files say. */
export interface Contender {
  /** `ours`, or which of the peers. */
  readonly name: string;
  readonly pid: number;
  /** The text; with `words` its times are found too, and thrown away. */
  transcribe(file: string, words: boolean): Promise<string>;
}

/** A way to run the peer. */
export interface PeerSetting {
  readonly name: string;
  /** Files at once; all workers share the threads. */
  readonly workers: number;
  readonly batched?: boolean;
}

/** The peer as everybody runs it. */
export const PLAIN_PEER: PeerSetting = { name: 'peer', workers: 1 };
/** The same weights in its pipeline for long files. */
export const BATCHED_PEER: PeerSetting = { name: 'batched', workers: 1, batched: true };
/** What may be best for many clients: one file on all threads, or two on one each. */
export const CLIENT_PEERS: readonly PeerSetting[] = [
  { name: 'peer-1-worker', workers: 1 },
  { name: 'peer-2-workers', workers: 2 },
];

/** Everybody who takes part, with what the setup line says of them. */
export interface Contest {
  readonly contenders: readonly Contender[];
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Starts ours and the peers, lets them work, and ends them, whatever comes. */
export async function withContenders(
  plan: AsrPlan,
  settings: readonly PeerSetting[],
  work: (contest: Contest) => Promise<void>,
): Promise<void> {
  const chorus = await startOurs(plan);
  const peers: FasterWhisperPeer[] = [];
  try {
    const contenders = [ours(chorus, plan)];
    for (const setting of settings) {
      const peer = await startPeer(plan, setting);
      peers.push(peer);
      contenders.push(contenderOf(setting.name, peer));
    }
    const facts = { ours: await ourReplicas(chorus), peer: peers[0]?.versions, peers: settings };
    await work({ contenders, facts });
  } finally {
    for (const peer of peers) await peer.stop();
    await chorus.stop();
  }
}

/** Starts our server as a recogniser alone, with places for all clients of the bench. */
export async function startOurs(plan: AsrPlan, env: NodeJS.ProcessEnv = {}): Promise<Chorus> {
  const { cpus, modelsDir, model } = plan;
  const capacity = process.env['ASR_CAPACITY'] ?? String(plan.clients);
  const settings = { ASR_CAPACITY: capacity, ...env };
  return startChorus({ cpus, modelsDir, tts: 'none', asr: model, env: settings });
}

/** Starts the peer on as many threads as the plan says, all its workers together. */
export async function startPeer(plan: AsrPlan, setting: PeerSetting): Promise<FasterWhisperPeer> {
  const threads = Math.max(1, Math.floor(plan.threads / setting.workers));
  return startFasterWhisper({ ...plan, ...setting, model: plan.weights, threads });
}

/** Our server as a contender: over HTTP, upload and decoding included. */
export function ours(chorus: Chorus, { model, language }: AsrPlan): Contender {
  const url = `${chorus.url}/v1/audio/transcriptions`;
  const timed = { response_format: 'verbose_json', 'timestamp_granularities[]': 'word' };
  return {
    name: 'ours',
    pid: chorus.pid,
    transcribe: (file, words) =>
      transcribe({ url, file, model, fields: { language, ...(words && timed) } }),
  };
}

function contenderOf(name: string, peer: FasterWhisperPeer): Contender {
  return { name, pid: peer.pid, transcribe: (file, words) => peer.transcribe(file, { words }) };
}

/** How many replicas hear, as `/health` tells; threads are those of the settings. */
async function ourReplicas({ url }: Chorus): Promise<unknown> {
  const { body } = await request(`${url}/health`);
  const { models } = (await body.json()) as { readonly models?: unknown };
  const threads = process.env['ASR_THREADS'] ?? 'as the server divides the cores';
  return { models, threads };
}
