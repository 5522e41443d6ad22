import type { Command } from 'commander';

import { type Chorus, startChorus } from './support/chorus.js';
import { JOE } from './support/joe.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { atLeastOne, oneOf, withPlaces } from './support/options.js';
import { note, print } from './support/report.js';
import { rounded, spread } from './support/statistics.js';
import { between, coreMs } from './warm/core-time.js';
import { type RequestKind, requestKinds, type Taken } from './warm/kinds.js';
import { firstToLater, type KindRun, summaryOf } from './warm/ratios.js';

interface WarmBenchOptions {
  readonly starts: number;
  readonly requests: number;
  readonly device: 'cpu' | 'auto';
  readonly tts: string;
  readonly voice: string;
  readonly asr: string;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

/** Registers the bench of the first requests after a start. */
export function withWarm(program: Command): void {
  withPlaces(
    program.command('warm').description('the first requests after a start against later ones'),
  )
    .option('--starts <n>', 'fresh servers', atLeastOne, 5)
    .option('--requests <n>', 'later requests of each kind', atLeastOne, 12)
    .option('--device <device>', 'cpu, or auto: all GPUs', oneOf(['cpu', 'auto'] as const), 'cpu')
    .option('--tts <model>', 'speech model, or none', JOE.model)
    .option('--voice <voice>', 'voice of that model', JOE.voice)
    .option('--asr <model>', 'recognition model, or none', 'whisper-tiny.en')
    .action(benchWarm);
}

async function benchWarm(options: WarmBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const kinds = await requestKinds(options, { modelsDir, cpus: options.cpus });
  print({ bench: 'warm', kind: 'setup', ...machineFacts(), ...options });
  const runs = new Map<string, KindRun[]>();
  const keep = (name: string, run: KindRun) => runs.set(name, [...(runs.get(name) ?? []), run]);
  const starts: number[] = [];
  for (let start = 0; start < options.starts; start += 1) {
    note(`warm: start ${start + 1} of ${options.starts}`);
    const machine = machineState();
    const beganMs = performance.now();
    const chorus = await startChorus({ ...options, devices: options.device, modelsDir });
    starts.push(performance.now() - beganMs);
    print({
      bench: 'warm',
      kind: 'start',
      start,
      readyMs: rounded(starts[start] ?? 0),
      ...machine,
    });
    try {
      const found = await measure(chorus, turned(kinds, start), options.requests);
      for (const [place, { kind, run }] of found.entries()) {
        const { name, service } = kind;
        print({ bench: 'warm', kind: 'first', start, place, name, ...firstToLater(run) });
        keep(name, run);
        const isVeryFirst = found.findIndex((one) => one.kind.service === service) === place;
        if (isVeryFirst) keep(`first of ${service}`, run);
      }
    } finally {
      await chorus.stop();
    }
  }
  for (const [name, all] of runs)
    print({ bench: 'warm', kind: 'summary', name, ...summaryOf(all) });
  print({ bench: 'warm', kind: 'ready', readyMs: spread(starts) });
}

/** Another kind comes first in each start: whatever it finds cold, the others find warm. */
function turned(kinds: readonly RequestKind[], by: number): readonly RequestKind[] {
  const from = by % Math.max(1, kinds.length);
  return [...kinds.slice(from), ...kinds.slice(0, from)];
}

/** One request of each kind as soon as the server is ready, then the others in turns. */
async function measure(
  chorus: Chorus,
  kinds: readonly RequestKind[],
  requests: number,
): Promise<readonly { readonly kind: RequestKind; readonly run: KindRun }[]> {
  const firsts: Taken[] = [];
  for (const kind of kinds) firsts.push(await ask(chorus, kind, 0));
  const later = kinds.map((): Taken[] => []);
  for (let index = 1; index <= requests; index += 1) {
    for (const [place, kind] of kinds.entries()) later[place]?.push(await ask(chorus, kind, index));
  }
  return kinds.map((kind, place) => {
    return { kind, run: { first: firsts[place] ?? {}, later: later[place] ?? [] } };
  });
}

/** Asks once; times but the first audio's are for a second of audio. */
async function ask({ url, pid }: Chorus, kind: RequestKind, index: number): Promise<Taken> {
  const from = await coreMs(pid);
  const { audioSeconds, totalMs, ...others } = await kind.ask(url, index);
  const { cpuMs, workerCpuMs } = between(from, await coreMs(pid));
  return {
    ...others,
    msPerSecond: totalMs / audioSeconds,
    cpuMs: cpuMs / audioSeconds,
    workerCpuMs: workerCpuMs / audioSeconds,
  };
}
