import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { machineFacts } from '../support/machine.js';
import { note, print } from '../support/report.js';
import { rounded } from '../support/statistics.js';
import { wavOf } from '../support/wav-file.js';
import { ours, PLAIN_PEER, startOurs, startPeer } from './contenders.js';
import { NOISE_RATE_HZ, NOISES, noisePcm } from './noises.js';
import type { AsrPlan } from './plan.js';

const SECONDS = 60;

/** A way to hear, by the name that the lines have. */
type Ear = readonly [side: string, transcribe: (file: string) => Promise<string>];

/** A minute of nothing, in several kinds: nobody should write anything down. */
export async function silenceSeries(plan: AsrPlan): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-bench-noise-'));
  const chorus = await startOurs(plan);
  try {
    const peer = await startPeer(plan, PLAIN_PEER);
    try {
      const server = ours(chorus, plan);
      const { versions } = peer;
      const told = { series: 'silence', model: plan.model, peer: versions };
      print({ bench: 'asr', kind: 'setup', ...told, ...machineFacts() });
      await listenToAll(folder, [
        ['ours', (file) => server.transcribe(file, false)],
        ['ours-with-words', (file) => server.transcribe(file, true)],
        ['peer', (file) => peer.transcribe(file)],
        ['peer-with-vad', (file) => peer.transcribe(file, { vad: true })],
      ]);
    } finally {
      await peer.stop();
    }
  } finally {
    await chorus.stop();
    await rm(folder, { recursive: true });
  }
}

async function listenToAll(folder: string, ears: readonly Ear[]): Promise<void> {
  const wrote = new Map<string, string[]>(ears.map(([side]) => [side, []]));
  for (const noise of Object.keys(NOISES)) {
    note(`asr: silence, ${noise}`);
    const file = join(folder, `${noise}.wav`);
    await writeFile(file, wavOf(noisePcm(noise, SECONDS), NOISE_RATE_HZ));
    for (const [side, transcribe] of ears) {
      const beginMs = performance.now();
      const text = (await transcribe(file)).trim();
      const wallSeconds = rounded((performance.now() - beginMs) / 1000);
      if (text !== '') wrote.get(side)?.push(noise);
      const what = { series: 'silence', side, noise, seconds: SECONDS };
      print({ bench: 'asr', kind: 'run', ...what, wallSeconds, isEmpty: text === '', text });
    }
  }
  const met = wrote.get('ours')?.length === 0 && wrote.get('ours-with-words')?.length === 0;
  const wroteSomething = Object.fromEntries(wrote);
  print({ bench: 'asr', kind: 'summary', series: 'silence', wroteSomething, goals: { met } });
}
