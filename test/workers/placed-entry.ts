/** A worker whose steps belong somewhere in their audio: for tests of whose turn it is. */
import { runWorker } from '../../src/worker/run.js';
import { placedEngine } from './placed-engine.js';

runWorker({ piper: async () => placedEngine });
