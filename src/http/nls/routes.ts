import type { Router } from '@koa/router';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { asrHealth, listAsrModels } from './asr/models.js';
import { recognize } from './asr/recognize.js';
import { demandsNls } from './demand.js';
import { getSpeech, postSpeech } from './tts/synthesize.js';
import { describeNlsVoices, listNlsVoices, refreshNlsVoices, ttsHealth } from './tts/voices.js';

/** Adds the REST routes of NLS clients; each asks for credentials itself. */
export function addNlsRoutes(routes: Router<DoorState>, dependencies: AppDependencies): void {
  const demand = demandsNls(dependencies.keys);
  routes.post('/stream/v1/asr', demand, recognize(dependencies));
  routes.get('/stream/v1/asr/health', demand, asrHealth(dependencies));
  routes.get('/stream/v1/asr/models', demand, listAsrModels(dependencies));
  routes.get('/stream/v1/tts', demand, getSpeech(dependencies));
  // It asks when it has read the body: credentials may stand there.
  routes.post('/stream/v1/tts', postSpeech(dependencies));
  routes.get('/stream/v1/tts/voices', demand, listNlsVoices(dependencies));
  routes.get('/stream/v1/tts/voices/info', demand, describeNlsVoices(dependencies));
  routes.post('/stream/v1/tts/voices/refresh', demand, refreshNlsVoices(dependencies));
  routes.get('/stream/v1/tts/health', demand, ttsHealth(dependencies));
}
