/** A worker whose engine answers at once: for measurements of everything around engines. */
import { runWorker } from '../../src/worker/run.js';
import { emptyEngine } from './empty-engine.js';

runWorker({ piper: async () => emptyEngine });
