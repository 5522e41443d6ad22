/**
 * Process of its own: joins every TCP connection to one of its own to a Unix socket, and does nothing
 * else. With the argument `sink` it is the other end instead: it answers each second of speech.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { MESSAGE_BYTES, MESSAGES_PER_ANSWER } from './load.js';

const ANSWER = Buffer.alloc(64);

const [role, path = ''] = process.argv.slice(2);
if (role === 'sink') sink(path);
else await relay();

function sink(socketPath: string): void {
  const server = createServer((socket) => {
    let owed = 0;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      owed += chunk.length;
      if (owed < MESSAGE_BYTES * MESSAGES_PER_ANSWER) return;
      owed -= MESSAGE_BYTES * MESSAGES_PER_ANSWER;
      socket.write(ANSWER);
    });
  });
  server.listen(socketPath, () => process.send?.('listening'));
  process.on('disconnect', () => process.exit());
}

async function relay(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chorus-splice-'));
  const socketPath = join(folder, 'sink');
  const child = fork(fileURLToPath(import.meta.url), ['sink', socketPath]);
  await once(child, 'message');
  const server = createServer({ noDelay: true }, (socket) => {
    const other = connect(socketPath);
    socket.on('error', () => undefined).pipe(other);
    other.on('error', () => undefined).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.stdout.write(`${JSON.stringify({ url, workerPids: [child.pid] })}\n`);
  await once(process, 'SIGTERM');
  rmSync(folder, { recursive: true });
  process.exit(0);
}
