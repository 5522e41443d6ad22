/** A worker whose models take memory of a GPU that there is not. */
import { runWorker } from '../../src/worker/run.js';
import { claimingEngine } from './claiming-engine.js';

runWorker({ piper: async () => claimingEngine });
