import { basename } from 'node:path';
import type { Command } from 'commander';

import { roleMemory } from './speech-memory/roles.js';
import { startChorus } from './support/chorus.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { names, withPlaces } from './support/options.js';
import { print } from './support/report.js';
import { rounded } from './support/statistics.js';
import { transcribe } from './support/upload.js';
import { growthOf, watched } from './support/watched-memory.js';

interface UploadsBenchOptions {
  readonly files: readonly string[];
  readonly warmUp: string;
  readonly model: string;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

const GOAL_GROWTH_BYTES = 300_000_000;

/** Registers the bench of long uploads. */
export function withUploads(program: Command): void {
  withPlaces(program.command('uploads').description('memory of each process under long files'))
    .requiredOption('--files <list>', 'audio files, each transcribed once', names)
    .requiredOption('--warm-up <file>', 'a short one, transcribed before the memory is taken')
    .option('--model <id>', 'what listens', 'whisper-tiny.en')
    .action(benchUploads);
}

async function benchUploads(options: UploadsBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const { model, files, warmUp } = options;
  const chorus = await startChorus({ ...options, tts: 'none', asr: model, modelsDir });
  const hear = (file: string): Promise<string> =>
    transcribe({ url: `${chorus.url}/v1/audio/transcriptions`, file, model });
  try {
    print({ bench: 'uploads', kind: 'setup', ...machineFacts(), model });
    await hear(warmUp);
    for (const file of files) {
      const start = await roleMemory(chorus.pid);
      const beginMs = performance.now();
      const { result: text, peak } = await watched(chorus.pid, hear(file));
      const seconds = rounded((performance.now() - beginMs) / 1000);
      const growthBytes = growthOf(start, peak);
      const met = Object.values(growthBytes).every((bytes) => bytes <= GOAL_GROWTH_BYTES);
      const heard = { seconds, characters: text.length };
      print({
        bench: 'uploads',
        kind: 'summary',
        file: basename(file),
        ...heard,
        growthBytes,
        met,
        ...machineState(),
      });
    }
  } finally {
    await chorus.stop();
  }
}
