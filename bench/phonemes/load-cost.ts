/**
 * Loads one espeak in a process of its own and prints what that took: `wasm VOICE`, or
 * `shared VOICE LIBRARY [DATA]`.
 */
import { Espeak } from '../../src/speech/espeak.js';
import { loadSharedEspeak } from './shared-espeak.js';

const [kind, voice = '', library = '', data] = process.argv.slice(2);
const before = process.memoryUsage.rss();
const begin = performance.now();
const espeak =
  kind === 'wasm' ? await Espeak.load() : await loadSharedEspeak({ library, data, voice });
espeak.clauses('Hello, you.', voice);
const loadMs = performance.now() - begin;
process.stdout.write(JSON.stringify({ loadMs, rssBytes: process.memoryUsage.rss() - before }));
