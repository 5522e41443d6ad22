import { isControl } from '../funasr/vocabulary.js';

/** What SenseVoice says of speech beside its words, each in a piece of its own: `<|zh|>` and so on. */
export interface SpeechTags {
  /** As the model names it: ISO 639-1, and `yue` for Cantonese. */
  readonly language?: string;
  /** The model hears no speech at all. */
  readonly isSpeechless: boolean;
  /** In small letters; absent if the model does not know. */
  readonly emotion?: string;
  readonly event?: string;
}

/** Languages that SenseVoice writes down, and what it says in their place when nobody speaks. */
const LANGUAGES = new Set(['zh', 'en', 'yue', 'ja', 'ko']);
const SPEECHLESS = 'nospeech';
const EMOTIONS = new Set(['HAPPY', 'SAD', 'ANGRY', 'NEUTRAL', 'FEARFUL', 'DISGUSTED', 'SURPRISED']);
const EVENTS = new Set([
  'Speech',
  'BGM',
  'Applause',
  'Laughter',
  'Cry',
  'Sneeze',
  'Breath',
  'Cough',
  'Sing',
  'Speech_Noise',
]);
const TAG = /^▁?<\|(.+)\|>$/;

/** Whether a piece is a tag or a control symbol and no text. */
export function isNoText(piece: string): boolean {
  return TAG.test(piece) || isControl(piece);
}

/** Reads the tags among pieces; of several of one kind the first counts. */
export function readTags(pieces: readonly string[]): SpeechTags {
  const names = pieces.flatMap((piece) => TAG.exec(piece)?.[1] ?? []);
  const language = names.find((name) => LANGUAGES.has(name));
  const emotion = names.find((name) => EMOTIONS.has(name));
  const event = names.find((name) => EVENTS.has(name));
  return {
    isSpeechless: language === undefined && names.includes(SPEECHLESS),
    ...(language !== undefined && { language }),
    ...(emotion !== undefined && { emotion: emotion.toLowerCase() }),
    ...(event !== undefined && { event: event.toLowerCase() }),
  };
}
