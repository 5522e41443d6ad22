import type { Middleware } from 'koa';
import type { ModelCard } from '../../models/card.js';
import type { SynthesisRequest } from '../../protocol/requests.js';
import { cleanText } from '../../protocol/clean-text.js';
import type { DoorContext, DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { readJsonObject } from '../request-body.js';
import { type DeliverSpeech, type SpeechJob, speak } from '../speech.js';
import { SPEECH_CONTENT_TYPES } from '../speech-content-types.js';
import { spokenText } from '../spoken-text.js';
import { streamAnswer } from '../stream-answer.js';
import { validate } from '../validate.js';
import { errorEvent, EVENT_HEADERS } from './server-sent-events.js';
import { speechEvents } from './speech-events.js';
import { type SpeechFields, speechSchema, withoutBrackets } from './speech-schema.js';

const MAX_BODY_BYTES = 1024 * 1024;

/** A request that is in order. */
interface Asked {
  readonly fields: SpeechFields;
  readonly card: ModelCard;
  readonly request: SynthesisRequest;
}

/** Handles `POST /v1/audio/speech`. */
export function createSpeech(dependencies: AppDependencies): Middleware<DoorState> {
  return async function createSpeech(ctx) {
    const { signal, facts, requestId, claim } = ctx.state;
    const body = await readJsonObject(ctx.req, { maxBytes: MAX_BODY_BYTES, signal });
    const asked = readRequest(body, dependencies);
    const { request, fields } = asked;
    Object.assign(facts, { task: 'tts', model: request.model });
    const job: SpeechJob = {
      ...{ request, requestId, claim, signal },
      format: fields.response_format,
      sampleRateHz: fields.sample_rate,
    };
    await speak(dependencies, job, deliverTo(ctx, asked));
  };
}

function readRequest(
  body: Readonly<Record<string, unknown>>,
  { catalogue }: AppDependencies,
): Asked {
  const fields = validate(speechSchema, withoutBrackets(body));
  const card = catalogue.resolveModel(fields.model, 'tts');
  const { seed, instructions } = fields;
  const request: SynthesisRequest = {
    model: card.id,
    ...spokenText(cleanText(fields.input)),
    voice: catalogue.resolveVoice(card, fields.voice),
    speed: fields.speed,
    ...(seed !== undefined && { seed }),
    ...(obeys(card) && instructions !== undefined && { instructions }),
  };
  return { fields, card, request };
}

function obeys(card: ModelCard): boolean {
  return card.capabilities.includes('instructions');
}

function deliverTo(ctx: DoorContext, { fields, card, request }: Asked): DeliverSpeech {
  return async (answer) => {
    const { workerId, model, chunks } = answer;
    ctx.state.facts.workerId = workerId;
    ctx.set({ 'X-Chorus-Worker': workerId, 'X-Chorus-Model': model });
    if (fields.instructions && !obeys(card)) ctx.set('X-Chorus-Ignored', 'instructions');
    if (fields.stream_format === 'audio') {
      ctx.set('Content-Type', SPEECH_CONTENT_TYPES[fields.response_format]);
      return streamAnswer(ctx, chunks);
    }
    ctx.set(EVENT_HEADERS);
    const granularities = fields.timestamp_granularities;
    return streamAnswer(ctx, speechEvents(answer, { asked: request, granularities }), errorEvent);
  };
}
