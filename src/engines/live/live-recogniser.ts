import type { LiveEvent, LivePiece } from '../../protocol/live.js';
import { ChorusError } from '../../protocol/errors.js';
import { Ear } from './ear.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';
import type { LiveOptions } from './ports.js';
import { Scribe } from './scribe.js';

/**
 * Recognises a stream while it is spoken, with any engine: what `RecognitionModel.listen` is for those
 * that read whole windows. Three things go on side by side: speech comes, the ear finds sentences in
 * it, the scribe has them written. None waits for another longer than a bounded rest lasts, and what
 * is too much stays with whoever sends it.
 * @throws ChorusError what the ports or the audio threw, or `canceled`.
 */
export async function* recogniseLive(
  options: LiveOptions,
  audio: AsyncIterable<LivePiece>,
): AsyncGenerator<LiveEvent> {
  const inbox = new Inbox(audio);
  const outbox = new Outbox<LiveEvent>();
  const scribe = new Scribe(options, outbox);
  const ear = new Ear({ ...options, scribe, outbox });
  const { signal, language } = options;
  const abort = (): void => outbox.fail(ChorusError.ofAbort(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    const tells = options.request.turns !== 'manual';
    yield { type: 'start', language, ...(tells && { tellsSpeech: true }) };
    if (signal.aborted) abort();
    Promise.all([listen(ear, scribe, inbox), scribe.run()]).then(
      () => outbox.end(),
      (caught: unknown) => outbox.fail(caught),
    );
    yield* outbox;
    yield { type: 'usage', usage: { audioSeconds: ear.seconds } };
    yield { type: 'done' };
  } finally {
    signal.removeEventListener('abort', abort);
    inbox.close();
    outbox.end();
    scribe.close();
  }
}

async function listen(ear: Ear, scribe: Scribe, inbox: Inbox): Promise<void> {
  for (;;) {
    const pieces = await inbox.take();
    if (!pieces) break;
    await ear.take(pieces);
  }
  if (inbox.isClosed) return;
  await ear.end();
  scribe.end();
}
