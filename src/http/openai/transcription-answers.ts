import { z } from 'zod';

const seconds = z.number().describe('Seconds.');
const usage = z.object({ type: z.literal('duration'), seconds });
const text = z.string().describe('All that was said.');

const logprob = z.object({
  token: z.string(),
  logprob: z.number().describe('Natural logarithm of the probability.'),
  bytes: z.array(z.int()).describe('UTF-8.'),
});

/** `json` of a transcription. */
export const transcriptAnswer = z.object({
  text,
  logprobs: z.array(logprob).optional().describe('Where `include` asks for them.'),
  usage,
});

const segment = z.object({
  id: z.int(),
  seek: z.int().describe('Where its window begins, in hundredths of a second.'),
  start: seconds,
  end: seconds,
  text: z.string(),
  tokens: z.array(z.int()),
  temperature: z.number(),
  avg_logprob: z.number(),
  compression_ratio: z.number(),
  no_speech_prob: z.number(),
});

const word = z.object({ word: z.string(), start: seconds, end: seconds });

const verbose = z.object({
  task: z.enum(['transcribe', 'translate']),
  language: z.string().describe('Its English name, such as `english`.'),
  duration: seconds,
  text,
  segments: z.array(segment).optional(),
  words: z.array(word).optional(),
});

/** `verbose_json` of a transcription. */
export const verboseTranscriptAnswer = verbose.extend({ usage });

/** `json` of a translation. */
export const translationAnswer = z.object({ text });

/** `verbose_json` of a translation. */
export const verboseTranslationAnswer = verbose;
