/** How espeak is called as a shared library; its interface has not changed since 1.49. */
const AUDIO_OUTPUT_SYNCHRONOUS = 2;
const DONT_EXIT = 0x8000;
const UTF8 = 1;
const IPA = 2;
const LANGUAGE_SWITCH = /\([^)]+\)/g;

/** espeak-ng of the system, or of a folder, called in this process by koffi. */
export interface SharedEspeak {
  readonly version: string;
  /** IPA of each clause of a text; white space at the ends removed, and clauses without phonemes. */
  clauses(text: string): string[];
}

/** Where the library is. */
export interface SharedEspeakPlace {
  /** A path, or a name that the system's loader knows. */
  readonly library: string;
  /** Folder of its data; undefined = the one that it was built for. */
  readonly data?: string | undefined;
  readonly voice: string;
}

/**
 * Loads espeak-ng as a shared library.
 * @throws Error if there is none, if its data is not there or it has not the voice.
 */
export async function loadSharedEspeak(place: SharedEspeakPlace): Promise<SharedEspeak> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(place.library);
  const initialize = library.func('int espeak_Initialize(int, int, const char *, int)');
  const setVoice = library.func('int espeak_SetVoiceByName(const char *)');
  const translate = library.func(
    'const char *espeak_TextToPhonemes(_Inout_ void **text, int, int)',
  );
  const info = library.func('const char *espeak_Info(void *)');
  const rate = Number(initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, place.data ?? null, DONT_EXIT));
  if (rate <= 0) throw new Error(`${place.library} finds no data.`);
  if (setVoice(place.voice) !== 0) throw new Error(`${place.library} has no ${place.voice}.`);
  return {
    version: String(info(null)),
    clauses(text) {
      const clauses: string[] = [];
      // It is told where to begin and says where the clause has ended; null after the last one.
      const rest: [unknown] = [Buffer.from(`${text}\0`)];
      while (rest[0] !== null) clauses.push(String(translate(rest, UTF8, IPA)));
      return clauses.map((clause) => clause.replace(LANGUAGE_SWITCH, '').trim()).filter(Boolean);
    },
  };
}
