import type { JobRequest } from './job.js';

/**
 * How long a character takes to speak at a voice's own pace, in seconds. Generous: English takes
 * 0.065 s a letter, Chinese 0.25 s a character, and digits are read as words.
 */
const SECONDS_PER_LETTER = 0.12;
const SECONDS_PER_WIDE_CHARACTER = 0.4;
/** Pauses at both ends, and a file's headers. */
const LEAST_SECONDS = 2;
/** Bytes a second of mp3 and its kin: 192 kbit/s. */
const ENCODED_BYTES_PER_SECOND = 24_000;

/** Bytes of audio that a job is going to make, rather too many than too few. */
export function estimatedBytes({ request, format, sampleRateHz }: JobRequest): number {
  let seconds = LEAST_SECONDS;
  for (const character of request.text) {
    seconds += isPlain(character) ? SECONDS_PER_LETTER : SECONDS_PER_WIDE_CHARACTER;
  }
  const isSamples = format === 'wav' || format === 'pcm';
  const bytesPerSecond = isSamples ? 2 * sampleRateHz : ENCODED_BYTES_PER_SECOND;
  return Math.ceil((seconds / request.speed) * bytesPerSecond);
}

/** Letters of alphabets; digits are not among them. */
function isPlain(character: string): boolean {
  return /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{P}\s]$/u.test(character);
}
