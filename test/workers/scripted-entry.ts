/** A worker whose engines do what the request's text says: for tests of everything around engines. */
import { runWorker } from '../../src/worker/run.js';
import { scriptedEngine } from './scripted-engine.js';

runWorker({ piper: async () => scriptedEngine });
