import type { Command } from 'commander';

import { startChorus } from './support/chorus.js';
import { EngineHere } from './support/engine-here.js';
import { JOE } from './support/joe.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { atLeastOne, withPlaces } from './support/options.js';
import { note, print } from './support/report.js';
import { speak } from './support/speak.js';
import { quantile, rounded, spread } from './support/statistics.js';
import { firstAudible } from './support/wav-listener.js';
import { textOf } from './texts.js';

interface DoorBenchOptions {
  readonly rounds: number;
  readonly requests: number;
  readonly threads: number;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

/** Speaks a text to its end and says after how many milliseconds it was first heard. */
type FirstAudio = (text: string) => Promise<number>;

/** First audio of the same texts, over HTTP and from the engine in this process. */
interface DoorRound {
  readonly http: readonly number[];
  readonly engine: readonly number[];
}

/** What door, router and frames may add to the first audio. */
const GOAL_MS = 10;
const WARM_UP_TEXTS = 12;

/** Registers the bench of what the server adds to the engine's first audio. */
export function withDoor(program: Command): void {
  withPlaces(
    program
      .command('door')
      .description('first audio over HTTP against the same engine called here'),
  )
    .option('--rounds <n>', 'periods in which both take turns', atLeastOne, 3)
    .option('--requests <n>', 'texts of a period', atLeastOne, 60)
    .option('--threads <n>', 'of the one replica, on both sides', atLeastOne, 1)
    .action(benchDoor);
}

async function benchDoor(options: DoorBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const env = { TTS_REPLICAS: '1', TTS_THREADS: String(options.threads) };
  const chorus = await startChorus({ ...options, tts: JOE.model, asr: 'none', modelsDir, env });
  try {
    const engine = await EngineHere.open({ ...options, modelsDir, model: JOE.model });
    try {
      print({ bench: 'door', kind: 'setup', ...machineFacts(), ...options });
      await measure(overHttp(`${chorus.url}/v1/audio/speech`), inProcess(engine), options);
    } finally {
      await engine.close();
    }
  } finally {
    await chorus.stop();
  }
}

function overHttp(url: string): FirstAudio {
  return async (input) =>
    (await speak({ url, body: { ...JOE, input, response_format: 'wav' } })).firstAudioMs;
}

function inProcess(engine: EngineHere): FirstAudio {
  return async (text) => {
    const beginMs = performance.now();
    let firstMs: number | undefined;
    for await (const event of engine.speak({ text, voice: JOE.voice })) {
      if (event.type !== 'audio' || firstMs !== undefined) continue;
      if (firstAudible(Buffer.from(event.pcm)) !== undefined) firstMs = performance.now() - beginMs;
    }
    if (firstMs === undefined) throw new Error('The engine spoke silence.');
    return firstMs;
  };
}

async function measure(
  http: FirstAudio,
  engine: FirstAudio,
  { rounds: count, requests }: DoorBenchOptions,
): Promise<void> {
  await takeTurns(http, engine, { from: 0, requests: WARM_UP_TEXTS });
  const rounds: DoorRound[] = [];
  for (let round = 0; round < count; round += 1) {
    note(`door: round ${round + 1} of ${count}`);
    const machine = machineState();
    const from = WARM_UP_TEXTS + round * requests;
    const measured = await takeTurns(http, engine, { from, requests });
    rounds.push(measured);
    print({ bench: 'door', kind: 'round', round, requests, ...figures(measured), ...machine });
  }
  const all = {
    http: rounds.flatMap((round) => round.http),
    engine: rounds.flatMap((round) => round.engine),
  };
  const { addedP50Ms } = figures(all);
  const addedP50MsOfRounds = spread(rounds.map((round) => figures(round).addedP50Ms));
  const goal = { goalMs: GOAL_MS, met: addedP50Ms <= GOAL_MS };
  print({ bench: 'door', kind: 'summary', ...figures(all), addedP50MsOfRounds, ...goal });
}

/** Both speak the same text, one after the other; who begins changes. */
async function takeTurns(
  http: FirstAudio,
  engine: FirstAudio,
  { from, requests }: { readonly from: number; readonly requests: number },
): Promise<DoorRound> {
  const times: Record<keyof DoorRound, number[]> = { http: [], engine: [] };
  for (let turn = 0; turn < requests; turn += 1) {
    const text = textOf(from + turn, 1);
    const order = [['http', http] as const, ['engine', engine] as const];
    if (turn % 2 === 1) order.reverse();
    for (const [side, ask] of order) times[side].push(await ask(text));
  }
  return times;
}

/** `added` = the difference of the medians. */
function figures({ http, engine }: DoorRound): {
  readonly httpP50Ms: number;
  readonly engineP50Ms: number;
  readonly addedP50Ms: number;
  readonly httpP95Ms: number;
  readonly engineP95Ms: number;
  readonly pairP50Ms: number;
} {
  const pairs = http.map((ms, at) => ms - (engine[at] ?? Number.NaN));
  return {
    httpP50Ms: rounded(quantile(http, 0.5)),
    engineP50Ms: rounded(quantile(engine, 0.5)),
    addedP50Ms: rounded(quantile(http, 0.5) - quantile(engine, 0.5)),
    httpP95Ms: rounded(quantile(http, 0.95)),
    engineP95Ms: rounded(quantile(engine, 0.95)),
    pairP50Ms: rounded(quantile(pairs, 0.5)),
  };
}
