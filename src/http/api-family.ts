import type { ChorusError } from '../protocol/errors.js';
import { MAX_NLS_AUDIO_BYTES } from './nls/asr/limits.js';
import { type AnsweredRequest, nlsRestError, nlsStreamError } from './nls/error-answers.js';
import { openAiErrorBody } from './openai/error-body.js';
import { detailError } from './voicehub/error-answer.js';

/** A failure as it is sent. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Draws a failure as one API family shows it. */
export type ErrorRenderer = (error: ChorusError, request: AnsweredRequest) => ErrorAnswer;

/** What the paths of a family have in common. */
export interface ApiFamily {
  /** In any letter case, because the router is not particular either. */
  readonly paths: RegExp;
  readonly drawError: ErrorRenderer;
  /** Its routes ask for credentials themselves, because bodies may hold them. */
  readonly asksItself?: true;
  /** Bodies are no larger; absent = as the settings say. */
  readonly maxBodyBytes?: number;
}

const OPENAI: ApiFamily = {
  paths: /^/,
  drawError: (error) => ({ status: error.status, body: openAiErrorBody(error) }),
};

/** The first that a path fits is the one; the last takes all. */
const FAMILIES: readonly ApiFamily[] = [
  {
    paths: /^\/stream\/v1(?:\/|$)/i,
    drawError: nlsStreamError,
    asksItself: true,
    maxBodyBytes: MAX_NLS_AUDIO_BYTES,
  },
  { paths: /^\/rest\/v1(?:\/|$)/i, drawError: nlsRestError, asksItself: true },
  { paths: /^\/(?:tts|speakers)(?:\/|$)/i, drawError: detailError },
  { ...OPENAI, paths: /^\/(?:docs|openapi\.json)\/?$/i, asksItself: true },
  OPENAI,
];

/** The family that a path belongs to. */
export function familyOf(path: string): ApiFamily {
  return FAMILIES.find(({ paths }) => paths.test(path)) ?? OPENAI;
}
