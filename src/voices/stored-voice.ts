/** A voice that somebody gave: a recording, and the words that are spoken in it. */
export interface StoredVoice {
  readonly name: string;
  /** Language of the recording, as it was given: BCP 47, mostly. */
  readonly language?: string;
  readonly promptText: string;
  /** The recording, WAV or MP3. */
  readonly audioPath: string;
  /** Registered through a door, or lying in the folder of voices. */
  readonly origin: 'registered' | 'folder';
  /** When it was registered, or when its file was last changed; Unix time. */
  readonly createdAtMs: number;
}

/** A voice to be registered. */
export interface NewVoice {
  readonly name: string;
  readonly language?: string | undefined;
  readonly promptText: string;
  /** Its recording; it is copied. */
  readonly audioPath: string;
}

/** What a look into the folder of voices has changed. */
export interface RefreshedVoices {
  /** Voices that there are now, registered ones too. */
  readonly total: number;
  /** Voices of the folder that were not there before. */
  readonly added: number;
  readonly removed: number;
}

/** A recording is no larger; VoiceHub's own bound. */
export const MAX_RECORDING_BYTES = 10 * 2 ** 20;
/** Characters of what is spoken in it. */
export const MAX_PROMPT_CHARACTERS = 500;
