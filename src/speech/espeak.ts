import createModule, {
  type EspeakHandle,
  type EspeakModule,
} from '@echogarden/espeak-ng-emscripten';

/** Puts in front of a clause's phonemes wherever a word of another language begins or ends. */
const LANGUAGE_SWITCH = /\([^)]+\)/g;
const CLAUSE_SEPARATOR = ' | ';
/** espeak ties the phonemes of a word together with this. */
const TIE = /_/g;

/** espeak-ng as WebAssembly: text in, IPA out, clause by clause. One thread's own. */
export class Espeak {
  readonly #module: EspeakModule;
  readonly #handle: EspeakHandle;
  #voice: string | undefined;

  /** Loads the engine with its dictionaries (24 MB, from the package's folder). */
  static async load(): Promise<Espeak> {
    return new Espeak(await createModule());
  }

  private constructor(module: EspeakModule) {
    this.#module = module;
    this.#handle = new module.eSpeakNGWorker();
  }

  /**
   * Phonemes of each clause that espeak finds in a text.
   * It only translates and does not synthesise, which takes 0.5 ms a sentence instead of 10.
   * @param voice espeak voice, for example `en-us`.
   */
  clauses(text: string, voice: string): string[] {
    this.#useVoice(voice);
    return this.#string(this.#handle.convert_to_phonemes(text, true).ptr)
      .split(CLAUSE_SEPARATOR)
      .map((clause) => clause.replace(LANGUAGE_SWITCH, '').replace(TIE, '').trim());
  }

  /** An unknown name would leave the voice of the text before; this build has `fr` for `fr-fr`. */
  #useVoice(voice: string): void {
    if (voice === this.#voice) return;
    const language = voice.split('-')[0] ?? voice;
    const isKnown = [voice, language].some((name) => this.#handle.set_voice(name) === 0);
    if (!isKnown) throw new Error(`espeak has no voice ${voice}.`);
    this.#voice = voice;
  }

  #string(pointer: number): string {
    const heap = this.#module.HEAPU8;
    return Buffer.from(heap.subarray(pointer, heap.indexOf(0, pointer))).toString('utf8');
  }
}
