import type { Command } from 'commander';

import { benchFlowing } from './nls/flowing.js';
import { NLS_PARTS } from './nls/options.js';
import type { NlsBenchOptions, NlsPart } from './nls/options.js';
import { benchSockets } from './nls/sockets.js';
import { benchTranscriber } from './nls/transcriber.js';
import { machineFacts } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { aboveZero, atLeastOne, someOf, withPlaces } from './support/options.js';
import { print } from './support/report.js';

type GivenOptions = Omit<NlsBenchOptions, 'modelsDir'> & { readonly modelsDir: string | undefined };

/** Registers the bench of the NLS protocol's WebSocket doors. */
export function withNls(program: Command): void {
  withPlaces(program.command('nls').description('the NLS doors: how late, at what cost'))
    .option('--parts <list>', `of ${NLS_PARTS.join(', ')}`, someOf(NLS_PARTS), [...NLS_PARTS])
    .option('--rounds <n>', 'how often both sides take turns', atLeastOne, 3)
    .option('--seconds <n>', 'length of a period of transcriber and sockets', aboveZero, 40)
    .option('--model <id>', 'what listens', 'whisper-tiny.en')
    .option('--streams <n>', 'transcriber: streams at once', atLeastOne, 8)
    .option('--stagger-seconds <n>', 'transcriber: within which they come', aboveZero, 4)
    .option('--gap-seconds <n>', 'transcriber: silence between two turns', aboveZero, 1.5)
    .option('--silence-ms <n>', 'transcriber: silence that ends a sentence', atLeastOne, 500)
    .option('--message-ms <n>', 'transcriber: speech in a message', atLeastOne, 100)
    .option('--pairs <n>', 'flowing: texts of a round', atLeastOne, 12)
    .option('--sentences <n>', 'flowing: of a text', atLeastOne, 3)
    .option('--piece-ms <n>', 'flowing: between two pieces of a text', aboveZero, 10)
    .option('--sockets <n>', 'sockets: open WebSockets', atLeastOne, 500)
    .option('--messages-per-second <n>', 'sockets: from each', aboveZero, 10)
    .option('--profile <folder>', "sockets: write V8's CPU profile of the supervisor there")
    .action(benchNls);
}

async function benchNls(given: GivenOptions): Promise<void> {
  const options = { ...given, modelsDir: modelsFolder(given.modelsDir) };
  const { modelsDir: _, ...told } = options;
  print({ bench: 'nls', kind: 'setup', ...machineFacts(), ...told });
  const benches: Readonly<Record<NlsPart, () => Promise<void>>> = {
    transcriber: () => benchTranscriber(options),
    flowing: () => benchFlowing(options),
    sockets: () => benchSockets(options),
  };
  for (const part of NLS_PARTS) if (given.parts.includes(part)) await benches[part]();
}
