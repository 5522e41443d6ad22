import type { Command } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { characterErrors, errorRate, syllableErrors } from './chinese/character-errors.js';
import type { ErrorCount } from './chinese/character-errors.js';
import { CHINESE_SENTENCES } from './chinese/sentences.js';
import { startChorus } from './support/chorus.js';
import type { Chorus } from './support/chorus.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { atLeastOne, names, withPlaces } from './support/options.js';
import { note, print } from './support/report.js';
import { rounded } from './support/statistics.js';
import { transcribe } from './support/upload.js';
import { saveSpeech } from './support/wav-file.js';

interface ChineseBenchOptions {
  readonly voices: readonly string[];
  readonly sentences: number;
  readonly prompt: string;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

const SPEAKER = 'kokoro-82m';
const LISTENER = 'whisper-base';
/** "These are sentences in Mandarin.": Whisper goes on in the script of its prompt. */
const PROMPT = '以下是普通话的句子。';

/** Registers the bench of Chinese speech. */
export function withChinese(program: Command): void {
  withPlaces(
    program.command('chinese').description('Kokoro speaks Chinese, Whisper writes it down'),
  )
    .option('--voices <list>', 'of Kokoro', names, ['zf_xiaoxiao', 'zm_yunjian'])
    .option('--sentences <n>', 'at most 24', atLeastOne, CHINESE_SENTENCES.length)
    .option('--prompt <text>', 'for Whisper; empty: none', PROMPT)
    .action(benchChinese);
}

async function benchChinese(options: ChineseBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const chorus = await startChorus({ ...options, tts: SPEAKER, asr: LISTENER, modelsDir });
  const folder = await mkdtemp(join(tmpdir(), 'chorus-bench-chinese-'));
  try {
    print({ bench: 'chinese', kind: 'setup', ...machineFacts(), ...options });
    for (const voice of options.voices) await measure(chorus, { ...options, voice, folder });
  } finally {
    await chorus.stop();
    await rm(folder, { recursive: true });
  }
}

interface VoicePlan extends ChineseBenchOptions {
  readonly voice: string;
  readonly folder: string;
}

async function measure(chorus: Chorus, plan: VoicePlan): Promise<void> {
  const { voice } = plan;
  const texts = CHINESE_SENTENCES.slice(0, plan.sentences);
  const [characters, syllables]: [ErrorCount[], ErrorCount[]] = [[], []];
  const machine = machineState();
  for (const [at, text] of texts.entries()) {
    note(`chinese: ${voice}, ${at + 1} of ${texts.length}`);
    const transcript = await heard(chorus, { ...plan, text });
    characters.push(characterErrors(text, transcript));
    syllables.push(syllableErrors(text, transcript));
    const errors = { characterErrors: characters.at(-1), syllableErrors: syllables.at(-1) };
    print({ bench: 'chinese', kind: 'sentence', voice, text, transcript, ...errors });
  }
  print({
    bench: 'chinese',
    kind: 'summary',
    voice,
    sentences: texts.length,
    characters: characters.reduce((all, count) => all + count.of, 0),
    characterErrorRate: rounded(errorRate(characters)),
    syllableErrorRate: rounded(errorRate(syllables)),
    faultless: characters.filter(({ errors }) => errors === 0).length,
    ...machine,
  });
}

async function heard(
  { url }: Chorus,
  { voice, text, folder, prompt }: VoicePlan & { readonly text: string },
): Promise<string> {
  const file = join(folder, 'spoken.wav');
  const body = { model: SPEAKER, voice, input: text };
  await saveSpeech({ url: `${url}/v1/audio/speech`, body }, file);
  const fields = { language: 'zh', ...(prompt !== '' && { prompt }) };
  return transcribe({ url: `${url}/v1/audio/transcriptions`, file, model: LISTENER, fields });
}
