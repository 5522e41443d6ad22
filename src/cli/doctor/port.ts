import { once } from 'node:events';
import { createServer } from 'node:net';
import type { CheckContext, Finding } from './check.js';
import { askHealth, describeRunning } from './running-server.js';

const REFUSALS: Readonly<Record<string, { readonly words: string; readonly advice: string }>> = {
  EACCES: {
    words: 'this user may not listen there',
    advice: 'Choose a PORT from 1024 on, or give Node.js the right (CAP_NET_BIND_SERVICE).',
  },
  EADDRNOTAVAIL: {
    words: 'this machine does not have that address',
    advice: 'Set HOST to an address of this machine, to 0.0.0.0 or to 127.0.0.1.',
  },
};

/** Opens the address for a moment; resolves with the system's code if it cannot be had. */
async function tryListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (caught) {
    const { code } = caught as NodeJS.ErrnoException;
    if (code === undefined) throw caught;
    return code;
  }
  server.close();
  await once(server, 'close');
  return undefined;
}

/** Looks whether the address is free, and if not, whether it is Chorus that has it. */
export async function checkPort({ settings, signal }: CheckContext): Promise<Finding> {
  const { host, port } = settings;
  const address = `${host}:${port}`;
  if (port === 0) return { state: 'ok', detail: 'PORT=0: a free one is taken at the start' };
  const code = await tryListen(host, port);
  if (code === undefined) return { state: 'ok', detail: `${address} is free` };
  if (code === 'EADDRINUSE') {
    const health = await askHealth({ host, port, signal });
    if (health !== undefined) return describeRunning(health, address);
    return {
      state: 'warning',
      detail: `another program has ${address}`,
      advice: 'Stop it, or choose another PORT.',
    };
  }
  const refusal = REFUSALS[code];
  const detail = `${address} cannot be had: ${refusal?.words ?? code}`;
  return { state: 'failed', detail, advice: refusal?.advice ?? 'Correct HOST and PORT.' };
}
