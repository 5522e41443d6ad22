import { LiveSpeaker } from './streams/live-speaker.js';
import { MESSAGE_BYTES, type Speaker } from './streams/load.js';
import { measurePeriod, type Period } from './streams/period.js';
import { serve, type Served, type ServedOptions } from './streams/served.js';
import { SplicedSpeaker } from './streams/spliced-speaker.js';
import { machineFacts, machineState } from './support/machine.js';
import { note, print } from './support/report.js';
import { quantile, rounded, spread } from './support/statistics.js';

/** What `bench streams` can be told. */
export interface StreamsBenchOptions extends ServedOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
}

/** A server with its open streams. */
interface Side<Kind extends Speaker> {
  readonly served: Served;
  readonly speakers: readonly Kind[];
}

/** What one round measured. */
interface Round {
  readonly idle: Period;
  readonly spliced: Period;
  readonly ours: Period;
}

/** Time on a core that 500 streams of ten messages a second may cost the supervisor. */
const GOAL_CORES = 0.25;
const WARM_UP_SECONDS = 5;

/**
 * Measures what open WebSockets cost the supervisor, silent and speaking in turns, and beside it what
 * a process costs that passes the same bytes on without looking at them.
 */
export async function benchStreams(options: StreamsBenchOptions): Promise<void> {
  const facts = { ...machineFacts(), ...options, messageBytes: MESSAGE_BYTES };
  print({ bench: 'streams', kind: 'setup', ...facts });
  const sides: Side<Speaker>[] = [];
  try {
    const spliced = await open('spliced', options, SplicedSpeaker.connect);
    sides.push(spliced);
    const ours = await open('ours', options, LiveSpeaker.connect);
    sides.push(ours);
    note(`streams: ${options.streams} are open on each side`);
    await measureRound({ ...options, seconds: WARM_UP_SECONDS }, spliced, ours);
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const machine = machineState();
      const measured = await measureRound(options, spliced, ours);
      rounds.push(measured);
      print({ bench: 'streams', kind: 'round', round, ...described(measured), ...machine });
    }
    printSummary(options, rounds, ours.speakers);
  } finally {
    for (const { served, speakers } of sides) {
      for (const speaker of speakers) speaker.close();
      await served.program.stop();
    }
  }
}

async function open<Kind extends Speaker>(
  what: 'ours' | 'spliced',
  options: StreamsBenchOptions,
  connect: (url: string) => Promise<Kind>,
): Promise<Side<Kind>> {
  const served = await serve(what, options);
  const speakers: Kind[] = [];
  while (speakers.length < options.streams) speakers.push(await connect(served.url));
  return { served, speakers };
}

async function measureRound(
  { seconds, messagesPerSecond }: StreamsBenchOptions,
  spliced: Side<Speaker>,
  ours: Side<Speaker>,
): Promise<Round> {
  const period = ({ served, speakers }: Side<Speaker>, rate: number): Promise<Period> =>
    measurePeriod(served, speakers, { seconds, messagesPerSecond: rate });
  return {
    spliced: await period(spliced, messagesPerSecond),
    idle: await period(ours, 0),
    ours: await period(ours, messagesPerSecond),
  };
}

function described({ idle, spliced, ours }: Round): Readonly<Record<string, number>> {
  return {
    supervisorCores: rounded(ours.supervisorCores),
    idleSupervisorCores: rounded(idle.supervisorCores),
    splicedCores: rounded(spliced.supervisorCores),
    oursToSpliced: rounded(ours.supervisorCores / spliced.supervisorCores),
    microsecondsPerMessage: rounded((1e6 * ours.supervisorCores) / ours.messagesPerSecond),
    workerCores: rounded(ours.workerCores),
    messagesPerSecond: rounded(ours.messagesPerSecond),
    answerP50Ms: rounded(quantile(ours.latenciesMs, 0.5)),
    answerP95Ms: rounded(quantile(ours.latenciesMs, 0.95)),
  };
}

function printSummary(
  { streams, messagesPerSecond }: StreamsBenchOptions,
  rounds: readonly Round[],
  speakers: readonly LiveSpeaker[],
): void {
  const latenciesMs = rounds.flatMap(({ ours }) => ours.latenciesMs);
  const spreadOf = (figure: (round: Round) => number): object => spread(rounds.map(figure));
  print({
    bench: 'streams',
    kind: 'summary',
    streams,
    messagesPerSecondOfEach: messagesPerSecond,
    supervisorCores: spreadOf(({ ours }) => ours.supervisorCores),
    splicedCores: spreadOf(({ spliced }) => spliced.supervisorCores),
    oursToSpliced: spreadOf(({ ours, spliced }) => ours.supervisorCores / spliced.supervisorCores),
    answerP50Ms: rounded(quantile(latenciesMs, 0.5)),
    answerP95Ms: rounded(quantile(latenciesMs, 0.95)),
    answers: latenciesMs.length,
    owedAnswers: speakers.reduce((total, { owedAnswers }) => total + owedAnswers, 0),
    endedEarly: speakers.filter(({ ended }) => ended !== undefined).length,
    endings: [...new Set(speakers.flatMap(({ ended }) => ended ?? []))],
    goalCores: GOAL_CORES,
  });
}
