/**
 * What an operator does with a bundle on a machine without a network: `node bundle-scenario.js BUNDLE
 * TARGET PATH [isolated]`. Run in a network namespace of its own if isolated. Prints what was seen.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bringLoopbackUp, unreachable } from './loopback.js';

const [bundle = '', target = '', path = '', isolated] = process.argv.slice(2);
if (isolated !== undefined) bringLoopbackUp();

const empty = join(target, '..', 'empty');
await mkdir(empty);
// `nice` becomes the shell, that the launcher, and the launcher Node: all are one process. Nicer than
// the children of a server would be, as services often are; to go back needs a right.
const command = ['-n', '7', '/bin/sh', join(bundle, 'install.sh'), target, '--start'];
const server = spawn(join(path, 'nice'), command, {
  cwd: empty,
  env: {
    PATH: path,
    PORT: '0',
    TTS_GPUS: 'cpu',
    ASR_GPUS: 'cpu',
    TTS_REPLICAS: '1',
    ASR_REPLICAS: '1',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(server, 'exit');
const startedMs = performance.now();
const printed: string[] = [];
const url = await new Promise<string>((resolve, reject) => {
  createInterface({ input: server.stdout }).on('line', (line) => {
    printed.push(line);
    const address = /listens on (http:\S+)/.exec(line)?.[1];
    if (address !== undefined) resolve(address);
  });
  void exited.then(([code]) => reject(new Error(`ended with ${code}:\n${printed.join('\n')}`)));
});
const readyMs = performance.now() - startedMs;
const ready = await fetch(`${url}/ready`);
const speech = await fetch(`${url}/v1/audio/speech`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    model: 'tts-1',
    voice: 'default',
    input: 'The weather is nice today.',
    response_format: 'wav',
  }),
});
const audio = await speech.arrayBuffer();
const form = new FormData();
form.set('model', 'whisper-1');
form.set('file', new Blob([audio]), 'speech.wav');
const heard = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form });
const answer = await heard.text();
const program = await readlink(`/proc/${server.pid}/exe`);
const outside = isolated === undefined ? undefined : await unreachable();
server.kill('SIGINT');
const [exitCode] = (await exited) as [number | null];
const seen = { readyMs, ready: ready.status, speech: speech.status, audioBytes: audio.byteLength };
console.log(`SEEN ${JSON.stringify({ ...seen, answer, program, outside, exitCode })}`);
