/** A worker whose engine takes the time that the request's text orders: for benches of routing. */
import { runWorker } from '../../src/worker/run.js';
import { timedEngine } from './timed-engine.js';

runWorker({ piper: async () => timedEngine });
