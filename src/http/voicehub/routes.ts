import type { Router } from '@koa/router';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { createSpeaker, deleteSpeaker, listSpeakers } from './speakers.js';
import { createTts } from './tts.js';
import { Turns } from './turns.js';

/** Large bodies that may be parsed at once, each in a thread of its own. */
const PARSERS = 2;

/** Adds the routes of VoiceHub's CosyVoice API. */
export function addVoiceHubRoutes(routes: Router<DoorState>, dependencies: AppDependencies): void {
  const turns = new Turns(PARSERS);
  routes.get('/speakers', listSpeakers(dependencies));
  routes.post('/speakers', createSpeaker(dependencies, turns));
  routes.delete('/speakers/:speaker_id', deleteSpeaker(dependencies));
  routes.post('/tts', createTts(dependencies, turns));
}
