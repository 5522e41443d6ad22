/** What the protocol lets a client send at once. */
export const MAX_NLS_AUDIO_BYTES = 100 * 1024 * 1024;
