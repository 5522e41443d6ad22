import { JOE } from '../support/joe.js';
import { speak } from '../support/speak.js';
import { spokenFiles, type SpokenFile } from '../support/spoken-files.js';
import { transcribe } from '../support/upload.js';
import { textOf } from '../texts.js';

/** What a request took: figures that are the same for the first and for later ones if all is warm. */
export type Taken = Readonly<Record<string, number>>;

/** What a request took, and how much audio it was about. */
export interface Asked extends Readonly<Record<string, number>> {
  readonly audioSeconds: number;
  readonly totalMs: number;
}

/** Requests of one service and about one length. */
export interface RequestKind {
  readonly name: string;
  readonly service: 'tts' | 'asr';
  /** @param index Number of the request: speech has another text each time. */
  ask(url: string, index: number): Promise<Asked>;
}

/** Which models are asked. */
export interface WarmModels {
  readonly tts: string;
  readonly voice: string;
  readonly asr: string;
}

/** Sentences of a text, by what it is called. */
const SPEECH = { short: 1, medium: 2, long: 6 } as const;
/** Sentences of a file, two and a half seconds each: an utterance, two windows, five windows. */
const RECOGNITION = { short: 1, medium: 6, long: 16 } as const;

/** The kinds of requests for the services that are on; texts that are to be heard are spoken first. */
export async function requestKinds(
  models: WarmModels,
  places: { readonly modelsDir: string; readonly cpus: string | undefined },
): Promise<readonly RequestKind[]> {
  const speech = Object.entries(SPEECH).map(([size, sentences]) => {
    return speechKind(`speech ${size}`, sentences, models);
  });
  const wanted = Object.values(RECOGNITION).map((sentences) => {
    return { name: String(sentences), text: textOf(0, sentences), ...JOE };
  });
  const files = models.asr === 'none' ? [] : await spokenFiles(wanted, places);
  const hearing = Object.keys(RECOGNITION).flatMap((size, index) => {
    const file = files[index];
    return file ? [recognitionKind(`recognition ${size}`, file, models)] : [];
  });
  return [...(models.tts === 'none' ? [] : speech), ...hearing];
}

function speechKind(
  name: string,
  sentences: number,
  { tts: model, voice }: WarmModels,
): RequestKind {
  return {
    name,
    service: 'tts',
    async ask(url, index) {
      const input = textOf(index, sentences);
      const body = { model, voice, input, response_format: 'wav' };
      const heard = await speak({ url: `${url}/v1/audio/speech`, body });
      return { ...heard };
    },
  };
}

function recognitionKind(
  name: string,
  { file, audioSeconds }: SpokenFile,
  { asr: model }: WarmModels,
): RequestKind {
  return {
    name,
    service: 'asr',
    async ask(url) {
      const beganMs = performance.now();
      await transcribe({ url: `${url}/v1/audio/transcriptions`, file, model });
      return { totalMs: performance.now() - beganMs, audioSeconds };
    },
  };
}
