import type { NewVoice, RefreshedVoices, StoredVoice } from '../voices/stored-voice.js';

/** What the doors ask about voices that users have given. */
export interface StoredVoices {
  /** All of them by their names, from memory. */
  list(): readonly StoredVoice[];
  /** The voice of a name. */
  get(name: string): StoredVoice | undefined;
  /**
   * Registers a voice; it is on the disk when this resolves.
   * @throws ChorusError `conflict`, `invalid_value`, `undecodable_audio`, `empty_audio`,
   * `upload_too_large`, `storage_full`.
   */
  add(voice: NewVoice, signal: AbortSignal): Promise<StoredVoice>;
  /**
   * Removes a registered voice.
   * @throws ChorusError `speaker_not_found`; `conflict` for one that lies in the folder of voices.
   */
  remove(name: string): Promise<void>;
  /** Looks again what lies in the folder of voices. */
  refresh(): Promise<RefreshedVoices>;
}
