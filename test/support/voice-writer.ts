import { join } from 'node:path';

import pino from 'pino';

import { Database } from '../../src/database/database.js';
import { MIGRATIONS } from '../../src/database/migrations.js';
import { VoiceStore } from '../../src/voices/voice-store.js';

// Run by itself, to be killed: registers voices and removes every second one, several at a time,
// and prints `+name` and `-name` for what is said to be done. Arguments: data folder, recording.
const [, , dataDir = '', audioPath = ''] = process.argv;
const database = await Database.open({
  path: join(dataDir, 'chorus.db'),
  migrations: MIGRATIONS,
});
const media = {
  decode: () => Promise.resolve({ format: 'wav', samples: 16_000, durationSeconds: 1 }),
};
const store = await VoiceStore.open({
  ...{ database, dataDir, media },
  voicesDir: join(dataDir, 'none'),
  log: pino({ level: 'silent' }),
});
const signal = new AbortController().signal;

async function work(worker: number): Promise<void> {
  for (let number = 0; ; number += 1) {
    const name = `voice ${worker} ${number}`;
    await store.add({ name, promptText: 'words', audioPath }, signal);
    process.stdout.write(`+${name}\n`);
    if (number % 2 === 0) continue;
    process.stdout.write(`?${name}\n`);
    await store.remove(name);
    process.stdout.write(`-${name}\n`);
  }
}

await Promise.all([work(1), work(2), work(3)]);
