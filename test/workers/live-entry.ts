/** A worker whose engine hears live speech as the request's language says: see live-engine.ts. */
import { runWorker } from '../../src/worker/run.js';
import { liveEngine } from './live-engine.js';

runWorker({ whisper: async () => liveEngine });
