/** Entry of a worker process. */
import { ENGINES } from './engines.js';
import { runWorker } from './run.js';

runWorker(ENGINES);
