import type { SpeechSegmentation } from '../../protocol/requests.js';
import type { SpeechFile } from '../speech-file.js';
import {
  type PackedWindow,
  type PackingOptions,
  WHISPER_PACKING,
  WindowPacker,
} from '../vad/pack-windows.js';
import { DEFAULT_SPEECH_SPANS, SpeechSpans, type SpeechSpanOptions } from '../vad/speech-spans.js';
import { freshVadState, VAD_RATE_HZ } from '../vad/vad-state.js';
import { FILE_PLACES, type RunWhisper } from './run-whisper.js';

/** So much is looked through at a time. */
const STRETCH_SAMPLES = 60 * VAD_RATE_HZ;
/**
 * Less than half of what Whisper can take: the encoder's work grows with the square of the length, and
 * batches of shorter windows share the decoder's weights better. Of 664 s of speech (2,212 words,
 * tiny.en) on one thread: windows of 15 s 30 s and 2.3 % word errors, 12 s 26 s and 2.0 %, 9 s 26 s
 * and 2.2 %, 7 s 24 s and 2.4 %.
 */
const PACKING: PackingOptions = { ...WHISPER_PACKING, maxWindowSamples: 12 * VAD_RATE_HZ };
/** Speech without a pause is cut at this length. */
const MAX_SPAN_SECONDS = 15;

/** Where speech is looked for, and how. */
export interface SpeechSearch {
  readonly file: SpeechFile;
  readonly run: RunWhisper;
  readonly segmentation?: SpeechSegmentation | undefined;
}

/** Finds the speech in a file and packs it into windows, while it is read. */
export async function* speechWindows(search: SpeechSearch): AsyncGenerator<PackedWindow> {
  const { file, run, segmentation } = search;
  const spans = new SpeechSpans(spanOptions(segmentation));
  const packer = new WindowPacker(PACKING);
  let state = freshVadState();
  for (let from = 0; from < file.samples; from += STRETCH_SAMPLES) {
    const to = Math.min(file.samples, from + STRETCH_SAMPLES);
    const pcm = await file.read([{ fromSample: from, toSample: to }]);
    const isLast = to === file.samples;
    const found = await run.findSpeech(
      { type: 'speech', pcm, state, isLast },
      from === 0 ? FILE_PLACES.first : FILE_PLACES.later,
    );
    state = found.state;
    for (const span of spans.push(found.probabilities)) yield* packer.push(span);
  }
  for (const span of spans.finish(file.samples)) yield* packer.push(span);
  yield* packer.finish();
}

function spanOptions(segmentation: SpeechSegmentation | undefined): SpeechSpanOptions {
  const options = { ...DEFAULT_SPEECH_SPANS, maxSpanSeconds: MAX_SPAN_SECONDS };
  if (!segmentation) return options;
  const { threshold, prefixPaddingMs, silenceDurationMs } = segmentation;
  return {
    ...options,
    threshold,
    paddingMs: prefixPaddingMs,
    minSilenceMs: silenceDurationMs,
  };
}
