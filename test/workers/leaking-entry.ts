/** A worker that keeps memory for ever if the request's text says so. */
import { runWorker } from '../../src/worker/run.js';
import { leakingEngine } from './leaking-engine.js';

runWorker({ piper: async () => leakingEngine });
