import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';

import { figuresOf } from './soak/figures.js';
import type { Figures } from './soak/figures.js';
import { judgeSoak } from './soak/judge.js';
import type { MemoryPoint, SoakBounds, SoakOutcome } from './soak/judge.js';
import { killAgain } from './soak/killer.js';
import { leakEnvironment, leakPlan } from './soak/leaks.js';
import type { Leak } from './soak/leaks.js';
import { misbehave } from './soak/pests.js';
import type { Site } from './soak/site.js';
import { stopAndLook } from './soak/stop.js';
import { Tally } from './soak/tally.js';
import { ASR_MODEL, behaveWell } from './soak/well-behaved.js';
import { ChorusHome } from './support/chorus.js';
import { untilAllReady } from './support/health.js';
import { JOE } from './support/joe.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import type { Verdict } from './support/flatness.js';
import type { Program } from './support/program.js';
import { untilReady } from './support/ready.js';
import { note, print } from './support/report.js';
import { rounded } from './support/statistics.js';
import { studioFile } from './support/studio-file.js';
import { transcribe } from './support/upload.js';
import { longText } from './texts.js';

/** What `bench soak` can be told. */
export interface SoakOptions extends SoakBounds {
  readonly minutes: number;
  readonly clients: number;
  readonly speakers: number;
  readonly recognisers: number;
  readonly killEverySeconds: number;
  readonly restSeconds: number;
  readonly leak: Leak | undefined;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

interface Soaked {
  readonly home: ChorusHome;
  readonly program: Program;
  readonly options: SoakOptions;
}

const WORKERS = 2;
const UPLOAD_BYTES = 1_000_000;
const SAMPLE_EVERY_MS = 1_000;
const LINE_EVERY_SECONDS = 10;
/** What was busy a moment ago closes its connections within this time. */
const SETTLE_MS = 6_000;

/** Lets clients misbehave and workers die for a while, and judges what it has left behind. */
export async function benchSoak(options: SoakOptions): Promise<void> {
  const home = await ChorusHome.create();
  const program = home.launch({
    cpus: options.cpus,
    modelsDir: modelsFolder(options.modelsDir),
    tts: JOE.model,
    asr: ASR_MODEL,
    devices: Array.from({ length: WORKERS }, () => 'cpu').join(','),
    env: leakEnvironment(options.leak),
  });
  try {
    await untilReady(program, `${home.url}/ready`);
    await untilAllReady(home.url, WORKERS);
    const { modelsDir: _, ...told } = options;
    print({ bench: 'soak', kind: 'setup', ...machineFacts(), workers: WORKERS, ...told });
    await soak({ home, program, options });
  } finally {
    await program.stop();
    await home.remove();
  }
}

async function soak(soaked: Soaked): Promise<void> {
  const { home, program, options } = soaked;
  const spoken = await warmUp(home);
  await delay(SETTLE_MS);
  const start = await figuresOf(home, program.pid);
  printFigures('start', start);
  const tally = new Tally();
  const planted = new AbortController();
  const memory = await underLoad(soaked, { ...spoken, tally }, planted.signal);
  const end = await rest(soaked, start);
  printFigures('end', end);
  const stopped = await stopAndLook(program);
  planted.abort();
  const { failures, cut, wrongAnswers } = tally;
  const outcome = { memory, start, end, failures, cut, wrongAnswers, ...stopped };
  conclude(tally, outcome, judgeSoak(outcome, options));
}

type Known = Pick<Site, 'file' | 'transcript' | 'tally'>;

/** All clients at once, until the time is over and the well-behaved have what they asked for. */
async function underLoad(
  soaked: Soaked,
  known: Known,
  planted: AbortSignal,
): Promise<readonly MemoryPoint[]> {
  const { home, options } = soaked;
  const ended = new AbortController();
  // Every client listens to it.
  setMaxListeners(0, ended.signal, planted);
  const agent = patientAgent();
  const site: Site = { ...known, url: home.url, port: home.port, agent, end: ended.signal };
  plant(options.leak, site, planted);
  const load = applyLoad(site, options);
  const memory = await watch(soaked, known.tally);
  ended.abort();
  await load;
  await agent.close();
  return memory;
}

function conclude(tally: Tally, outcome: SoakOutcome, verdicts: readonly Verdict[]): void {
  const { orphans, exitCode, memory } = outcome;
  const notFlat = verdicts.filter(({ flat }) => !flat).map(({ figure }) => figure);
  const seconds = rounded(memory.at(-1)?.seconds ?? 0);
  const flat = notFlat.length === 0;
  const found = { orphans, exitCode, flat, verdicts };
  print({
    bench: 'soak',
    kind: 'summary',
    seconds,
    ...tally.details(),
    ...found,
    ...machineState(),
  });
  if (flat) return;
  note(`soak: not flat: ${notFlat.join(', ')}`);
  process.exitCode = 1;
}

function patientAgent(): Agent {
  return new Agent({ headersTimeout: 0, bodyTimeout: 0, connections: null });
}

/** One request of each kind; what it opens is closed again before anything is counted. */
async function warmUp(home: ChorusHome): Promise<Pick<Site, 'file' | 'transcript'>> {
  const dispatcher = patientAgent();
  const speechUrl = `${home.url}/v1/audio/speech`;
  const text = longText(0).slice(0, 1_000);
  const file = await studioFile({ speechUrl, text, bytes: UPLOAD_BYTES });
  const url = `${home.url}/v1/audio/transcriptions`;
  const transcript = await transcribe({ url, file, model: ASR_MODEL, dispatcher });
  await dispatcher.close();
  return { file, transcript };
}

function plant(leak: Leak | undefined, site: Site, until: AbortSignal): void {
  const plan = leak === undefined ? undefined : leakPlan(leak);
  if (plan?.kind === 'client') void plan.hold(site, until);
}

async function applyLoad(site: Site, options: SoakOptions): Promise<void> {
  await Promise.all([
    behaveWell(site, options),
    misbehave(site, options.clients),
    killAgain(site, options.killEverySeconds),
  ]);
}

/** Looks once a second, prints every ten. */
async function watch({ home, program, options }: Soaked, tally: Tally): Promise<MemoryPoint[]> {
  const points: MemoryPoint[] = [];
  const beginMs = performance.now();
  let printed = 0;
  for (;;) {
    await delay(SAMPLE_EVERY_MS);
    const figures = await figuresOf(home, program.pid);
    const seconds = (performance.now() - beginMs) / 1000;
    points.push({ seconds, ...figures });
    if (seconds >= printed + LINE_EVERY_SECONDS) {
      printed += LINE_EVERY_SECONDS;
      printFigures('sample', figures, { seconds: rounded(seconds), ...tally.line() });
    }
    if (seconds >= options.minutes * 60) return points;
  }
}

/** Waits until the load is gone, or is late. */
async function rest({ home, program, options }: Soaked, start: Figures): Promise<Figures> {
  await delay(SETTLE_MS);
  const deadline = performance.now() + options.restSeconds * 1000;
  for (;;) {
    const now = await figuresOf(home, program.pid);
    if (isAtRest(now, start) || performance.now() > deadline) return now;
    await delay(SAMPLE_EVERY_MS);
  }
}

function isAtRest(now: Figures, start: Figures): boolean {
  return (
    now.workersReady === WORKERS &&
    (now.leases ?? 0) + (now.queued ?? 0) + now.spoolEntries === 0 &&
    now.descriptors.total <= start.descriptors.total
  );
}

function printFigures(
  kind: string,
  figures: Figures,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  print({ bench: 'soak', kind, ...fields, ...figures, ...machineState() });
}
