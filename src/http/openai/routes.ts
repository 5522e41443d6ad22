import type { Router } from '@koa/router';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { getModel, listModels } from './models.js';
import { createSpeech } from './speech.js';
import { createTranscription, createTranslation } from './transcriptions.js';
import { listVoices } from './voices.js';

/** Adds the routes of the OpenAI audio API. */
export function addOpenAiRoutes(routes: Router<DoorState>, dependencies: AppDependencies): void {
  routes.post('/v1/audio/speech', createSpeech(dependencies));
  routes.post('/v1/audio/transcriptions', createTranscription(dependencies));
  routes.post('/v1/audio/translations', createTranslation(dependencies));
  routes.get('/v1/audio/voices', listVoices(dependencies));
  routes.get('/v1/models', listModels(dependencies));
  routes.get('/v1/models/:model', getModel(dependencies));
}
