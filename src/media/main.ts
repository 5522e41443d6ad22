/** Entry of the media process. */
import { once } from 'node:events';

import { runChild } from '../protocol/child.js';
import { createCodecs } from './codecs.js';
import { createMediaServer } from './server.js';

runChild(async (init) => {
  if (init.role !== 'media') throw new Error(`The media process cannot be ${init.role}.`);
  const { decodeThreads, encodeThreads, socketPath } = init;
  const codecs = await createCodecs({ decodeThreads, encodeThreads });
  const server = createMediaServer({ codecs });
  server.listen(socketPath);
  await once(server, 'listening');
  // Nobody waits for this: what was not read by then is read with the first file or stream.
  codecs.load().catch(() => {});
  return {
    vitals: () => ({ openRequests: 0, runningSteps: [] }),
    async stop() {
      server.close();
      await codecs.close();
    },
  };
});
