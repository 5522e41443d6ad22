import { randomUUID } from 'node:crypto';
import type { ChorusError } from '../../../protocol/errors.js';
import { openAiErrorBody } from '../error-body.js';
import { PCM_RATES_HZ } from './audio-format.js';
import type { SessionConfig } from './session-config.js';

/** A server event before it has its id. */
export interface ServerEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A new id, as OpenAI's look: a word for what it names, and letters that nobody guesses. */
export function newId(kind: 'event' | 'sess' | 'item'): string {
  return `${kind}_${randomUUID().replaceAll('-', '')}`;
}

/** The text of a server event. */
export function eventText({ type, ...fields }: ServerEvent): string {
  return JSON.stringify({ type, event_id: newId('event'), ...fields });
}

/** An error, and which client event it is about if it is about one. */
export function errorEvent(error: ChorusError, eventId?: string): ServerEvent {
  return { type: 'error', error: { ...errorFields(error), event_id: eventId ?? null } };
}

/** An error as it stands in an event. */
export function errorFields(error: ChorusError): object {
  const { error: body } = openAiErrorBody(error);
  const { openAiCode } = error.details;
  return typeof openAiCode === 'string' ? { ...body, code: openAiCode } : body;
}

/** What is the same in a session from its beginning to its end. */
export interface SessionFacts {
  readonly id: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** A session as OpenAI's API has it today. */
export function sessionBody({ id, expiresAt }: SessionFacts, config: SessionConfig): object {
  const { format } = config;
  const isPcm = format.type === 'audio/pcm';
  return {
    type: 'transcription',
    object: 'realtime.transcription_session',
    id,
    audio: {
      input: {
        format: { type: format.type, ...(isPcm && { rate: format.rateHz }) },
        transcription: transcriptionBody(config),
        noise_reduction: null,
        turn_detection: turnDetectionBody(config),
      },
    },
    include: includeBody(config),
    expires_at: expiresAt,
  };
}

/** A session as the API had it before it was final, with flat names. */
export function flatSessionBody({ id, expiresAt }: SessionFacts, config: SessionConfig): object {
  return {
    object: 'realtime.transcription_session',
    id,
    input_audio_format: flatFormat(config),
    input_audio_transcription: transcriptionBody(config),
    input_audio_noise_reduction: null,
    turn_detection: turnDetectionBody(config),
    include: includeBody(config),
    expires_at: expiresAt,
  };
}

function transcriptionBody({ modelName, language, prompt }: SessionConfig): object {
  return { model: modelName, language: language ?? null, prompt: prompt ?? '' };
}

function turnDetectionBody({ turnDetection }: SessionConfig): object | null {
  if (!turnDetection) return null;
  const { threshold, prefixPaddingMs, silenceDurationMs } = turnDetection;
  return {
    type: 'server_vad',
    threshold,
    prefix_padding_ms: prefixPaddingMs,
    silence_duration_ms: silenceDurationMs,
  };
}

function includeBody({ logprobs }: SessionConfig): string[] | null {
  return logprobs ? ['item.input_audio_transcription.logprobs'] : null;
}

function flatFormat({ format: { type, rateHz } }: SessionConfig): string {
  if (type === 'audio/pcmu') return 'g711_ulaw';
  if (type === 'audio/pcma') return 'g711_alaw';
  return rateHz === PCM_RATES_HZ[0] ? 'pcm16' : `pcm16;rate=${rateHz}`;
}
