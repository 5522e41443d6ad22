import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { childEnvironment } from '../../config/environment.js';
import { ChorusError } from '../../protocol/errors.js';
import type { Precision } from '../../protocol/precision.js';
import { CUT_FORMAT } from './cut-file.js';
import { writeCut } from './write-cut.js';

/** What the child process says. */
export type CutMessage =
  | { readonly type: 'progress'; readonly doneBytes: number }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly message: string; readonly code?: string };

const ENTRY = new URL('cut-process.js', import.meta.url);
/** Signals of a crash; any other that ends the child came from outside. */
const CRASHES: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE']);

/** How a child process ended. */
interface Ending {
  readonly said: CutMessage | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** End of what it wrote to standard error; a crash leaves pages of it. */
  readonly lastWords: string;
}

const MAX_WORDS_CHARACTERS = 300;

/** What to build. */
export interface BuildOptions {
  readonly modelDir: string;
  /**
   * `fp32` alone if left out: the cut itself. `fp16` is made of a cut that is there, or of the one that
   * is made first.
   */
  readonly precisions?: readonly Precision[];
  readonly onProgress?: (progress: { readonly doneBytes: number }) => void;
}

/**
 * Cuts a voice's graph in a child process, see `cut-voice.ts` and, for `fp16`, `halve-voice.ts`; a graph at which that process crashes
 * cannot be cut.
 * @param entry Module of the child process.
 * @throws ChorusError `model_failed`, or the file system's error, if the folder cannot be used.
 */
export async function buildPiperCut(options: BuildOptions, entry = ENTRY): Promise<void> {
  const { modelDir, precisions = ['fp32'] } = options;
  const child = fork(fileURLToPath(entry), [modelDir, precisions.join()], {
    env: childEnvironment(),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const { said, code, signal, lastWords } = await endOf(child, options);
  if (said?.type === 'done') return;
  if (said?.type === 'failed') {
    throw failureOf(said);
  }
  if (signal === null || !CRASHES.has(signal)) {
    const ending = `${signal ?? `exit code ${code}`}: ${lastWords}`;
    throw new ChorusError('model_failed', `The process that cuts the voice ended with ${ending}`);
  }
  const reason = `onnxruntime crashed at its graph (${signal})`;
  await writeCut(modelDir, { format: CUT_FORMAT, streaming: 'sentences', reason });
}

/** Keeps the code of the file system, by which a full disk is told. */
function failureOf({ message, code }: Extract<CutMessage, { type: 'failed' }>): Error {
  const error = new Error(message);
  return code === undefined
    ? ChorusError.withCode('model_failed', error)
    : Object.assign(error, { code });
}

async function endOf(child: ChildProcess, { onProgress }: BuildOptions): Promise<Ending> {
  let said: CutMessage | undefined;
  child.on('message', (message: CutMessage) => {
    if (message.type === 'progress') onProgress?.({ doneBytes: message.doneBytes });
    else said = message;
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-MAX_WORDS_CHARACTERS);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { said, code, signal, lastWords: words.trim() || 'it gave no reason' };
}
