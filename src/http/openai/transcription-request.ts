import type { ModelCard } from '../../models/card.js';
import { ChorusError } from '../../protocol/errors.js';
import type { TranscriptionRequest } from '../../protocol/requests.js';
import type { ModelNames } from '../catalogue-port.js';
import { checkLanguage } from '../languages.js';
import type { TranscriptNeed } from '../transcription-needs.js';
import { validate } from '../validate.js';
import type { TranscriptStyle } from './transcript-body.js';
import type { FormFields } from './transcription-form.js';
import {
  transcriptionSchema,
  type TranscriptFormat,
  type TranslationFields,
  translationSchema,
} from './transcription-schema.js';

/** What to do with the audio that a form holds; everything about it has been checked. */
export interface AskedTranscript {
  readonly card: ModelCard;
  /** All but the audio. */
  readonly request: Omit<TranscriptionRequest, 'pcmPath' | 'samples'>;
  readonly needs: readonly TranscriptNeed[];
  /** How the answer is drawn. */
  readonly style: TranscriptStyle;
  /** The answer comes in events. */
  readonly streams: boolean;
}

/**
 * Checks the fields of a transcription.
 * @throws ChorusError that names the field at fault.
 */
export function readTranscription(form: FormFields, catalogue: ModelNames): AskedTranscript {
  const fields = validate(transcriptionSchema, form);
  const card = modelOf(fields, catalogue);
  const granularities = fields.timestamp_granularities;
  const needs: TranscriptNeed[] = [];
  if (granularities.includes('word')) needs.push('words');
  if (fields.include.includes('logprobs')) needs.push('logprobs');
  const format = fields.response_format;
  const words = needs.includes('words') || isSubtitles(format);
  const request = {
    ...requestOf(fields, card),
    ...(words && { words }),
    ...(needs.includes('logprobs') && { logprobs: true as const }),
  };
  const style: TranscriptStyle = {
    ...{ format, task: 'transcribe' },
    hasSegments: granularities.includes('segment'),
    hasWords: granularities.includes('word'),
    hasLogprobs: needs.includes('logprobs'),
  };
  return { card, request, needs, style, streams: fields.stream };
}

/**
 * Checks the fields of a translation into English.
 * @throws ChorusError that names the field at fault; `wrong_task` for a model that cannot translate.
 */
export function readTranslation(form: FormFields, catalogue: ModelNames): AskedTranscript {
  const fields = validate(translationSchema, form);
  const card = modelOf(fields, catalogue);
  checkTranslates(card, catalogue);
  const format = fields.response_format;
  const request = {
    ...requestOf(fields, card),
    task: 'translate' as const,
    ...(isSubtitles(format) && { words: true as const }),
  };
  const parts = { hasSegments: true, hasWords: false, hasLogprobs: false };
  const style: TranscriptStyle = { ...parts, format, task: 'translate' };
  return { card, request, needs: [], style, streams: false };
}

/** Subtitles are better with the times of words, and do without. */
function isSubtitles(format: TranscriptFormat): boolean {
  return format === 'srt' || format === 'vtt';
}

function modelOf({ model, language }: TranslationFields, catalogue: ModelNames): ModelCard {
  const card = catalogue.resolveModel(model, 'asr');
  if (language !== undefined) checkLanguage(language, card, catalogue);
  return card;
}

function requestOf(fields: TranslationFields, { id }: ModelCard): AskedTranscript['request'] {
  const { language, prompt, temperature } = fields;
  const { beam_size: beamSize = 1, chunking_strategy: segmentation } = fields;
  return {
    model: id,
    temperature,
    ...(language !== undefined && { language }),
    ...(prompt !== undefined && { prompt }),
    ...(beamSize > 1 && { beamSize }),
    ...(fields.condition_on_previous_text && { conditionOnPreviousText: true }),
    ...(segmentation !== undefined && { segmentation }),
  };
}

function translates(card: ModelCard): boolean {
  return card.task === 'asr' && card.capabilities.includes('translation');
}

function checkTranslates(card: ModelCard, catalogue: ModelNames): void {
  if (translates(card)) return;
  const isEnglish = card.languages.every((language) => language === 'en');
  const why = isEnglish ? 'hears English only and has nothing to translate' : 'does not translate';
  const message = `The model ${card.id} ${why}; ${advice(catalogue)}.`;
  throw new ChorusError('wrong_task', message, { param: 'model' });
}

function advice(catalogue: ModelNames): string {
  const running = catalogue.configured('asr').find(translates);
  if (running !== undefined) return `use the model ${running.id}`;
  const known = catalogue.all().find(translates);
  if (known !== undefined) return `the model ${known.id} can: add it to ASR_MODELS`;
  return 'none of the known models does';
}
