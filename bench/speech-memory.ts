import type { Command } from 'commander';

import { pidsOf, roleMemory } from './speech-memory/roles.js';
import type { Role, RoleMemory } from './speech-memory/roles.js';
import { memoryTrend } from './speech-memory/trend.js';
import { startChorus } from './support/chorus.js';
import type { Chorus } from './support/chorus.js';
import { closedLoop } from './support/closed-loop.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { atLeastOne, withPlaces } from './support/options.js';
import { note, print } from './support/report.js';
import { rounded } from './support/statistics.js';
import { JOE } from './support/joe.js';
import { speak } from './support/speak.js';
import { variedText } from './texts.js';

interface SpeechMemoryOptions {
  readonly model: string;
  readonly voice: string;
  readonly texts: number;
  readonly every: number;
  readonly from: number;
  readonly concurrency: number;
  readonly slackBytes: number;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

interface Sample {
  readonly texts: number;
  readonly memory: RoleMemory;
}

/** What a process may grow by, of what it has when its growth begins to count. */
const GROWTH_SHARE = 0.05;

/** Registers the bench of memory over many texts. */
export function withSpeechMemory(program: Command): void {
  withPlaces(
    program.command('speech-memory').description('memory of each process over many varied texts'),
  )
    .option('--model <id>', 'what speaks', JOE.model)
    .option('--voice <id>', 'one of its voices', JOE.voice)
    .option('--texts <n>', 'from one word to 400 characters', atLeastOne, 1000)
    .option('--every <n>', 'texts between two samples', atLeastOne, 50)
    .option('--from <n>', 'texts after which memory is to be flat', atLeastOne, 200)
    .option('--concurrency <n>', 'texts at once', atLeastOne, 4)
    .option('--slack-bytes <n>', 'growth of a process that is flat', atLeastOne, 8_000_000)
    .action(benchSpeechMemory);
}

async function benchSpeechMemory(options: SpeechMemoryOptions): Promise<void> {
  if (options.from + options.every > options.texts) {
    throw new Error('--texts must be above --from by --every at least.');
  }
  const modelsDir = modelsFolder(options.modelsDir);
  const chorus = await startChorus({ ...options, tts: options.model, asr: 'none', modelsDir });
  try {
    print({ bench: 'speech-memory', kind: 'setup', ...machineFacts(), ...options });
    const pids = await pidsOf(chorus.pid);
    const samples = await load(chorus, options);
    const replaced = (await pidsOf(chorus.pid)) !== pids;
    print({ bench: 'speech-memory', kind: 'summary', replaced, ...judged(samples, options) });
  } finally {
    await chorus.stop();
  }
}

/** Speaks all texts, and looks at the memory after every so many while the rest goes on. */
async function load(chorus: Chorus, options: SpeechMemoryOptions): Promise<readonly Sample[]> {
  const { model, voice, texts, every, concurrency: clients } = options;
  const samples: Sample[] = [];
  const beginMs = performance.now();
  let [spoken, audioSeconds] = [0, 0];
  const look = async (count: number): Promise<void> => {
    const memory = await roleMemory(chorus.pid);
    samples.push({ texts: count, memory });
    const seconds = rounded((performance.now() - beginMs) / 1000);
    const soFar = { texts: count, seconds, audioSeconds: rounded(audioSeconds) };
    print({
      bench: 'speech-memory',
      kind: 'sample',
      ...soFar,
      rssBytes: memory,
      ...machineState(),
    });
  };
  const work = async (input: string): Promise<void> => {
    const body = { model, voice, input, response_format: 'wav' };
    const heard = await speak({ url: `${chorus.url}/v1/audio/speech`, body });
    spoken += 1;
    audioSeconds += heard.audioSeconds;
    if (spoken % every !== 0) return;
    note(`speech-memory: ${spoken} of ${texts}`);
    await look(spoken);
  };
  await look(0);
  const items = Array.from({ length: texts }, (_, number) => variedText(number));
  await closedLoop({ items, clients, work });
  return samples;
}

function judged(
  samples: readonly Sample[],
  { from, slackBytes }: SpeechMemoryOptions,
): Readonly<Record<string, unknown>> {
  const bounds = { fromTexts: from, share: GROWTH_SHARE, slackBytes };
  const roles = [...new Set(samples.flatMap(({ memory }) => Object.keys(memory) as Role[]))];
  const trends = roles.map((role) => {
    const rows = samples.map(({ texts, memory }) => ({ texts, rssBytes: memory[role] ?? 0 }));
    return { role, ...memoryTrend(rows, bounds) };
  });
  return { from, flat: trends.every(({ flat }) => flat), verdicts: trends };
}
