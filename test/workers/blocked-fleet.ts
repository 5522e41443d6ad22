/** A supervisor with one worker whose main thread is blocked; the argument is its data folder. */
import { startScriptedFleet } from '../support/scripted-fleet.js';

const [dataDir = ''] = process.argv.slice(2);
const workerEntry = new URL('./blocked-entry.js', import.meta.url);

await startScriptedFleet(1, { dataDir, workerEntry });
