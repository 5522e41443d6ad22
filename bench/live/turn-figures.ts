import { wordErrors } from '../asr/word-errors.js';
import type { WordErrors } from '../asr/word-errors.js';
import type { HeardItem } from './heard-items.js';
import { itemsByTurn, shownWords, wordLags } from './lags.js';
import type { WordLags } from './lags.js';
import type { Detection } from './live-stream.js';
import type { Script, Turn } from './script.js';
import type { SpokenStream } from './spoken-stream.js';

/** How one turn was heard. */
export interface TurnFigures extends WordLags, WordErrors {
  /** When its first and its last audible sample were sent. */
  readonly sentFromMs: number;
  readonly sentToMs: number;
  /** From the end of the closing silence, or the commit, to its last words; undefined = none came. */
  readonly finalDelayMs: number | undefined;
}

/** When a turn is to be final. */
export interface Closing {
  readonly detection: Detection;
  readonly silenceMs: number;
}

/** Compares what a stream said with what it was told, turn by turn; of those it has said. */
export function turnFigures(
  stream: Pick<SpokenStream, 'heard' | 'clock' | 'committedAtMs'>,
  script: Script,
  closing: Closing,
): readonly TurnFigures[] {
  const { heard, committedAtMs } = stream;
  const { placed } = itemsByTurn(script.turns, heard.items);
  return script.turns.map((turn, at) => {
    const isByHand = closing.detection === 'commit';
    const items = isByHand ? heard.committed.slice(at, at + 1) : (placed[at] ?? []);
    const silenceEndMs = stream.clock.sentAtMs(turn.endSeconds + closing.silenceMs / 1000);
    const closedAtMs = isByHand ? committedAtMs[at] : silenceEndMs;
    return { ...figuresOf(stream, turn, items), finalDelayMs: finalDelay(items, closedAtMs) };
  });
}

function figuresOf(
  { clock }: Pick<SpokenStream, 'clock'>,
  turn: Turn,
  items: readonly HeardItem[],
): Omit<TurnFigures, 'finalDelayMs'> {
  const sentAtMs = (seconds: number): number => clock.sentAtMs(seconds);
  const shown = items.flatMap(({ deltas }) => shownWords(deltas));
  const transcript = items.map((item) => item.transcript ?? '').join(' ');
  return {
    ...wordLags(turn.words, shown, sentAtMs),
    ...wordErrors(turn.text, transcript),
    sentFromMs: sentAtMs(turn.startSeconds),
    sentToMs: sentAtMs(turn.endSeconds),
  };
}

/** The last of its items counts: a detector may have cut the turn at a pause. */
function finalDelay(
  items: readonly HeardItem[],
  closedAtMs: number | undefined,
): number | undefined {
  const completed = items.map(({ completedAtMs }) => completedAtMs);
  if (closedAtMs === undefined || completed.length === 0) return undefined;
  const all = completed.flatMap((atMs) => atMs ?? []);
  return all.length < completed.length ? undefined : Math.max(...all) - closedAtMs;
}
