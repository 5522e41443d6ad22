import createModule, {
  type EspeakHandle,
  type EspeakModule,
} from '@echogarden/espeak-ng-emscripten';

import { readDataOnDemand } from './espeak-data.js';

/** Puts in front of a clause's phonemes wherever a word of another language begins or ends. */
const LANGUAGE_SWITCH = /\([^)]+\)/g;
/**
 * espeak reads the English words of a French or Hindi text with a second translator, which keeps from
 * text to text whether a verb or a noun is due ("they live", "a live …"). It forgets that at the end
 * of a text whose last word it has read: in Hindi every Latin word is one.
 */
const FORGETTING = { voice: 'hi', text: 'the' };
const CLAUSE_SEPARATOR = ' | ';
/** espeak ties the phonemes of a word together with this. */
export const TIE = '_';
const NO_PHONEME_AT_EDGE = /^[\s_]+|[\s_]+$/g;
/**
 * Control characters and halves of surrogate pairs. U+0001 begins a command to espeak that holds
 * for all texts after it, so it must not come from a text; U+0000 would end the text.
 */
const NO_TEXT = /[^\P{Cc}\n\t]|\p{Cs}/gu;

/** espeak-ng as WebAssembly: text in, IPA out, clause by clause. One thread's own. */
export class Espeak {
  readonly #module: EspeakModule;
  readonly #free: (pointer: number) => void;
  readonly #handle: EspeakHandle;
  #voice: string | undefined;
  /** Whether the last text had words of another language. */
  #wasMixed = false;

  /** Loads the engine; it reads its dictionaries when a voice needs them. */
  static async load(): Promise<Espeak> {
    const module = await createModule();
    readDataOnDemand(module);
    return new Espeak(module);
  }

  constructor(module: EspeakModule) {
    const { _free: free } = module;
    this.#module = module;
    this.#free = free;
    this.#handle = new module.eSpeakNGWorker();
  }

  /**
   * Phonemes of each clause that espeak finds in a text, the phonemes of a word tied by
   * {@link TIE}. The same text has the same phonemes whatever was asked before.
   * It only translates and does not synthesise, which takes 0.5 ms a sentence instead of 10.
   * @param voice espeak voice, for example `en-us`.
   */
  clauses(text: string, voice: string): string[] {
    if (this.#wasMixed) this.#translate(FORGETTING.text, FORGETTING.voice);
    const translated = this.#translate(text.replace(NO_TEXT, ' '), voice);
    this.#wasMixed = translated.search(LANGUAGE_SWITCH) >= 0;
    return translated
      .split(CLAUSE_SEPARATOR)
      .map((clause) => clause.replace(LANGUAGE_SWITCH, '').replace(NO_PHONEME_AT_EDGE, ''));
  }

  #translate(text: string, voice: string): string {
    this.#useVoice(voice);
    const { ptr } = this.#handle.convert_to_phonemes(text, true);
    return this.#take(ptr);
  }

  /** An unknown name would leave the voice of the text before; this build has `fr` for `fr-fr`. */
  #useVoice(voice: string): void {
    if (voice === this.#voice) return;
    const language = voice.split('-')[0] ?? voice;
    const isKnown = [voice, language].some((name) => this.#handle.set_voice(name) === 0);
    if (!isKnown) throw new Error(`espeak has no voice ${voice}.`);
    this.#voice = voice;
  }

  /** Each answer is a string of its own in the module's memory, which would grow for ever. */
  #take(pointer: number): string {
    const heap = this.#module.HEAPU8;
    const taken = Buffer.from(heap.subarray(pointer, heap.indexOf(0, pointer))).toString('utf8');
    this.#free(pointer);
    return taken;
  }
}

/** Phonemes without the ties. */
export function untied(phonemes: string): string {
  return phonemes.replaceAll(TIE, '');
}
