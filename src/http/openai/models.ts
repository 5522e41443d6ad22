import type { Middleware } from 'koa';
import type { ModelCard } from '../../models/card.js';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';

/** A model has no birthday that matters here, and clients want a number: 2026-01-01 UTC. */
const CREATED = 1_767_225_600;

function drawModel(card: ModelCard): object {
  return {
    id: card.id,
    object: 'model',
    created: CREATED,
    owned_by: 'chorus',
    task: card.task,
    languages: card.languages,
  };
}

/** Handles `GET /v1/models`: the configured models by their ids. */
export function listModels({ catalogue }: AppDependencies): Middleware<DoorState> {
  return async function listModels(ctx) {
    const cards = [...catalogue.configured('tts'), ...catalogue.configured('asr')];
    ctx.body = { object: 'list', data: cards.map(drawModel) };
  };
}

/** Handles `GET /v1/models/{id}`; an alias finds the model that it means. */
export function getModel({
  catalogue,
}: AppDependencies): Middleware<DoorState, { params: Record<string, string> }> {
  return async function getModel(ctx) {
    ctx.body = drawModel(catalogue.resolveModel(ctx.params['model'] ?? ''));
  };
}
