import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { PROJECT_ROOT } from '../support/chorus.js';
import { Program } from '../support/program.js';
import { ensurePythonPeer, peerEnvironment } from './python.js';

const REQUIREMENTS = ['faster-whisper==1.2.1'];
const SCRIPT = join(PROJECT_ROOT, 'bench', 'peers', 'faster_whisper_peer.py');

/** How faster-whisper is started. */
export interface FasterWhisperOptions {
  /** Interpreter to use instead of an environment of our own. */
  readonly python: string | undefined;
  /** Folder with the CTranslate2 weights. */
  readonly model: string;
  readonly computeType: string;
  /** Files worked on at once. */
  readonly workers: number;
  /** Threads of each worker. */
  readonly threads: number;
  readonly cpus: string | undefined;
  /** Its pipeline that decodes eight windows at once. */
  readonly batched?: boolean;
}

/** How a file is to be heard. */
export interface HearingOptions {
  /** With word times: cross-attention and dynamic time warping. */
  readonly words?: boolean;
  /** Silence is cut out before the network hears anything; the batched pipeline always does so. */
  readonly vad?: boolean;
}

/** A word that the peer heard, and when. */
export interface HeardWord {
  readonly word: string;
  /** Seconds from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

/** faster-whisper with loaded weights. */
export interface FasterWhisperPeer {
  readonly pid: number;
  readonly versions: Readonly<Record<string, string>>;
  transcribe(file: string, how?: HearingOptions): Promise<string>;
  /** Transcribes with word times. */
  words(file: string): Promise<readonly HeardWord[]>;
  stop(): Promise<void>;
}

interface Answer {
  readonly id: string;
  readonly text?: string;
  readonly words?: readonly HeardWord[];
  readonly error?: string;
}

/** Starts the peer's process and waits until its weights are loaded. */
export async function startFasterWhisper(
  options: FasterWhisperOptions,
): Promise<FasterWhisperPeer> {
  const { python, versions } = await ensurePythonPeer(REQUIREMENTS, options.python);
  const program = new Program({
    name: 'faster-whisper',
    command: python,
    args: [SCRIPT, ...flags(options)],
    env: peerEnvironment(options.threads),
    cpus: options.cpus,
  });
  const waiting = new Map<string, (answer: Answer) => void>();
  const answerTo = async (id: string): Promise<Answer> =>
    Promise.race([new Promise<Answer>((resolve) => waiting.set(id, resolve)), program.ended()]);
  createInterface({ input: program.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  await answerTo('ready');
  const ask = async (file: string, how: HearingOptions): Promise<Answer> => {
    const id = randomUUID();
    const answered = answerTo(id);
    program.stdin.write(`${JSON.stringify({ id, file, ...how })}\n`);
    const answer = await answered;
    if (answer.error === undefined) return answer;
    throw new Error(`faster-whisper could not read ${file}: ${answer.error}`);
  };
  return {
    pid: program.pid,
    versions,
    transcribe: async (file, how = {}) => (await ask(file, how)).text ?? '',
    words: async (file) => (await ask(file, { words: true })).words ?? [],
    stop: () => program.stop(),
  };
}

function flags(options: FasterWhisperOptions): readonly string[] {
  const named = Object.entries({
    model: options.model,
    'compute-type': options.computeType,
    workers: options.workers,
    threads: options.threads,
  }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return options.batched === true ? [...named, '--batched'] : named;
}
