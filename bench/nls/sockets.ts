import { setTimeout as delay } from 'node:timers/promises';

import { MESSAGE_BYTES, type Speaker } from '../streams/load.js';
import { measurePeriod } from '../streams/period.js';
import type { Measured, Period } from '../streams/period.js';
import { serve } from '../streams/served.js';
import { SplicedSpeaker } from '../streams/spliced-speaker.js';
import { startChorus, type Chorus } from '../support/chorus.js';
import { closedLoop } from '../support/closed-loop.js';
import { healthOf } from '../support/health.js';
import { machineState } from '../support/machine.js';
import { note, print } from '../support/report.js';
import { quantile, rounded, spread, sum } from '../support/statistics.js';
import type { NlsBenchOptions } from './options.js';
import { SilentStream } from './silent-stream.js';

/** Time on a core that 500 sockets of ten silent messages a second may cost the supervisor. */
const GOAL_CORES = 0.25;
const WARM_UP_SECONDS = 5;
/** While others are measured our sockets must not seem idle: the protocol's bound is 10 s. */
const KEPT_ALIVE_PER_SECOND = 0.25;
const PROBE_EVERY_MS = 1_000;
/** The bound of `ASR_CAPACITY`. */
const MOST_CAPACITY = 1024;
/** So many sockets are opened at once. */
const OPENING = 8;

/** One side with its open streams. */
interface Side<Kind extends Speaker> {
  readonly measured: Measured;
  readonly speakers: readonly Kind[];
}

interface Round {
  readonly ours: Period;
  readonly quiet: Period;
  readonly spliced: Period;
  /** After ours. */
  readonly unsentBytes: number;
}

/** Measures what sockets cost on which nobody speaks, in turns with a process that only splices. */
export async function benchSockets(options: NlsBenchOptions): Promise<void> {
  const { sockets, cpus, profile } = options;
  const spliced = await serve('spliced', { streams: sockets, workers: 1, cpus, profile });
  try {
    const chorus = await start(options);
    try {
      await measure(options, chorus, spliced);
    } finally {
      await chorus.stop();
    }
  } finally {
    await spliced.program.stop();
  }
}

function start({ cpus, modelsDir, model, sockets, profile }: NlsBenchOptions): Promise<Chorus> {
  const most = String(sockets + OPENING);
  // Each takes a place for a moment when it begins; a bench of the queue would be another one.
  const capacity = process.env['ASR_CAPACITY'] ?? String(Math.min(sockets, MOST_CAPACITY));
  const env = { MAX_STREAMS: most, MAX_QUEUE: most, ASR_CAPACITY: capacity };
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  return startChorus({ cpus, modelsDir, tts: 'none', asr: model, env, nodeOptions });
}

async function measure(
  options: NlsBenchOptions,
  chorus: Chorus,
  spliced: Measured & { readonly url: string },
): Promise<void> {
  const { workers } = await healthOf(chorus.url);
  const workerPids = workers.flatMap(({ pid }) => pid ?? []);
  const open = <Kind extends Speaker>(connect: () => Promise<Kind>): Promise<readonly Kind[]> =>
    openAll(options.sockets, connect);
  const peer = {
    measured: spliced,
    speakers: await open(() => SplicedSpeaker.connect(spliced.url)),
  };
  const speakers = await open(() => SilentStream.connect(chorus.url));
  const ours = { measured: { program: { pid: chorus.pid }, workerPids }, speakers };
  note(`nls: ${options.sockets} sockets are open on each side`);
  try {
    await measureRound({ ...options, seconds: WARM_UP_SECONDS }, { ours, peer }, 0);
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const machine = machineState();
      const measured = await measureRound(options, { ours, peer }, round);
      rounds.push(measured);
      const line = { part: 'sockets', round, ...described(measured), ...machine };
      print({ bench: 'nls', kind: 'round', ...line });
    }
    printSummary(options, rounds, speakers);
  } finally {
    for (const speaker of [...peer.speakers, ...speakers]) speaker.close();
  }
}

/** Opens so many; those that are open already speak now and then, or they would seem idle. */
async function openAll<Kind extends Speaker>(
  count: number,
  connect: () => Promise<Kind>,
): Promise<readonly Kind[]> {
  const speakers: Kind[] = [];
  const work = async (): Promise<void> => void speakers.push(await connect());
  const everyMs = 1000 / KEPT_ALIVE_PER_SECOND;
  const timer = setInterval(() => speakers.forEach((speaker) => speaker.speak()), everyMs);
  try {
    await closedLoop({ items: Array.from({ length: count }), clients: OPENING, work });
  } finally {
    clearInterval(timer);
  }
  return speakers;
}

/** Ours and the peer in turns; who begins changes. */
async function measureRound(
  options: Pick<NlsBenchOptions, 'seconds' | 'messagesPerSecond'>,
  { ours, peer }: { readonly ours: Side<SilentStream>; readonly peer: Side<Speaker> },
  round: number,
): Promise<Round> {
  const speak = async (): Promise<Pick<Round, 'ours' | 'unsentBytes'>> => {
    const period = await measureProbed(options, ours);
    return { ours: period, unsentBytes: sum(ours.speakers.map((one) => one.unsentBytes)) };
  };
  const splice = async (): Promise<Pick<Round, 'quiet' | 'spliced'>> => {
    const kept = { ...options, messagesPerSecond: KEPT_ALIVE_PER_SECOND };
    const quiet = measurePeriod(ours.measured, ours.speakers, kept);
    const spliced = measurePeriod(peer.measured, peer.speakers, options);
    return { quiet: await quiet, spliced: await spliced };
  };
  if (round % 2 === 0) return { ...(await speak()), ...(await splice()) };
  const first = await splice();
  return { ...(await speak()), ...first };
}

/** Asks one stream after the other how far behind it is, while all of them send. */
async function measureProbed(
  plan: Pick<NlsBenchOptions, 'seconds' | 'messagesPerSecond'>,
  { measured, speakers }: Side<SilentStream>,
): Promise<Period> {
  const end = new AbortController();
  const probing = probeEach(speakers, end.signal);
  const period = await measurePeriod(measured, speakers, plan);
  end.abort();
  await probing;
  return period;
}

async function probeEach(speakers: readonly SilentStream[], signal: AbortSignal): Promise<void> {
  for (const speaker of speakers.toSorted(() => 0.5 - Math.random())) {
    await delay(PROBE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await speaker.probe();
  }
}

function described({ ours, quiet, spliced, unsentBytes }: Round): object {
  return {
    supervisorCores: rounded(ours.supervisorCores),
    quietSupervisorCores: rounded(quiet.supervisorCores),
    splicedCores: rounded(spliced.supervisorCores),
    oursToSpliced: rounded(ours.supervisorCores / spliced.supervisorCores),
    microsecondsPerMessage: rounded((1e6 * ours.supervisorCores) / ours.messagesPerSecond),
    workerCores: rounded(ours.workerCores),
    messagesPerSecond: rounded(ours.messagesPerSecond),
    behindMs: ours.latenciesMs.length === 0 ? undefined : spread(ours.latenciesMs),
    unsentBytes,
  };
}

function printSummary(
  { sockets, messagesPerSecond }: NlsBenchOptions,
  rounds: readonly Round[],
  speakers: readonly SilentStream[],
): void {
  const spreadOf = (figure: (round: Round) => number): object => spread(rounds.map(figure));
  const behindMs = rounds.flatMap(({ ours }) => ours.latenciesMs);
  const cores = rounds.map(({ ours }) => ours.supervisorCores);
  const sentences = sum(speakers.map((one) => one.sentences));
  const endedEarly = speakers.filter(({ ended }) => ended !== undefined).length;
  print({
    bench: 'nls',
    kind: 'summary',
    part: 'sockets',
    sockets,
    messagesPerSecondOfEach: messagesPerSecond,
    messageBytes: MESSAGE_BYTES,
    supervisorCores: spread(cores),
    splicedCores: spreadOf(({ spliced }) => spliced.supervisorCores),
    oursToSpliced: spreadOf(({ ours, spliced }) => ours.supervisorCores / spliced.supervisorCores),
    workerCores: spreadOf(({ ours }) => ours.workerCores),
    behindP95Ms: behindMs.length === 0 ? undefined : rounded(quantile(behindMs, 0.95)),
    sentences,
    endedEarly,
    endings: [...new Set(speakers.flatMap(({ ended }) => ended ?? []))],
    goalCores: GOAL_CORES,
    met: quantile(cores, 0.5) <= GOAL_CORES && sentences + endedEarly === 0,
  });
}
