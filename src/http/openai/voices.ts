import type { Middleware } from 'koa';
import type { ModelCard } from '../../models/card.js';
import { listVoices as voicesOf } from '../../models/voices.js';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { validate } from '../validate.js';
import { voicesQuery } from './voices-query.js';

/** Handles `GET /v1/audio/voices`: voices of all configured models, or of `?model=`. */
export function listVoices({ catalogue }: AppDependencies): Middleware<DoorState> {
  return async function listVoices(ctx) {
    const { model, legacy } = validate(voicesQuery, ctx.query);
    const cards =
      model === undefined ? catalogue.configured('tts') : [catalogue.resolveModel(model, 'tts')];
    const voices = cards.flatMap(drawVoices);
    ctx.body = { voices: legacy === 'true' ? voices.map((voice) => voice.id) : voices };
  };
}

function drawVoices(card: ModelCard) {
  return voicesOf(card).map((voice) => ({
    id: voice.id,
    name: voice.name,
    language: voice.language,
    gender: voice.gender ?? null,
    model: card.id,
  }));
}
