import type { JobContext, RecognitionEngine } from '../../src/engines/engine.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { LiveEvent, LivePiece, LiveRequest } from '../../src/protocol/live.js';
import { listenForTurns } from './turns.js';

/**
 * What a step does, by the request's language: `echo` nothing, `quiet` nothing and leaves no trace ·
 * `gate FILE` waits for a file, and gives up when it is canceled · `crash` ends the process · `fail`
 * throws · `early` nothing, and the answer ends after the first one · `chatty N` gives N KB of partials.
 */
export type LiveAction = 'echo' | 'quiet' | 'gate' | 'crash' | 'fail' | 'early' | 'chatty';

/** What one step shall do. */
export interface LiveStep {
  readonly action: LiveAction;
  readonly argument: string;
}

const CHATTER = 'x'.repeat(1024);

/** For each second of speech one step and one partial: the process's id and the bytes heard so far. */
async function* listen(
  { language = 'echo', sampleRateHz }: LiveRequest,
  audio: AsyncIterable<LivePiece>,
  context: JobContext,
): AsyncGenerator<LiveEvent> {
  const [action = '', argument = ''] = language.split(' ');
  const step = { action: action as LiveAction, argument };
  yield { type: 'start', language: 'en' };
  let heard = 0;
  let computed = 0;
  for await (const pcm of audio) {
    if (!(pcm instanceof Uint8Array)) continue;
    heard += pcm.byteLength;
    for (; heard - computed >= sampleRateHz * 2; computed += sampleRateHz * 2) {
      await context.step(step);
      const through = computed + sampleRateHz * 2;
      const throughSeconds = through / (sampleRateHz * 2);
      yield { type: 'partial', text: `${process.pid} ${through}`, throughSeconds };
      const chatter = action === 'chatty' ? Number(argument) : 0;
      for (let kb = 0; kb < chatter; kb += 1) yield { type: 'partial', text: CHATTER };
    }
    if (action === 'early' && computed > 0) break;
  }
  yield { type: 'segment', segment: segmentOf(`${process.pid} ${heard}`) };
  yield { type: 'usage', usage: { audioSeconds: heard / (sampleRateHz * 2) } };
  yield { type: 'done' };
}

function segmentOf(text: string): Extract<LiveEvent, { type: 'segment' }>['segment'] {
  const figures = { temperature: 0, avgLogprob: 0, compressionRatio: 1, noSpeechProb: 0 };
  return { id: 0, seek: 0, start: 0, end: 0, text, tokens: [], ...figures };
}

/** An engine that counts what it hears, in real inference threads of a real worker process. */
export const liveEngine: RecognitionEngine = {
  name: 'whisper',
  service: 'asr',
  replicaModule: new URL('./live-replica.js', import.meta.url),
  async open(card) {
    return {
      transcribe: () => {
        throw new ChorusError('not_implemented', 'It hears live speech only.');
      },
      ...(card.id === 'deaf' ? {} : { listen: card.id === 'turns' ? listenForTurns : listen }),
      close: async () => {},
    };
  },
};
