/** Clients that leave before they should, or take no answer in. */
import { setTimeout as delay } from 'node:timers/promises';

import { JOE } from '../support/joe.js';
import { longText, shortText } from '../texts.js';
import { drawRaw, openRaw, sendRaw } from './raw-connection.js';
import type { Pest } from './pest.js';
import type { Site } from './site.js';

const BOUNDARY = 'soak-boundary';
const CLAIMED_BYTES = 4_000_000;
const SENT_BYTES = 1_000_000;
const SLOW_BYTES_A_SECOND = 1_024;
const SLOW_SECONDS = 20;

/** The beginning of an upload that claims to be larger than it will ever become. */
function halfUpload(bytes: number): Buffer {
  const head =
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n` +
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n` +
    `Content-Type: audio/wav\r\n\r\n`;
  return drawRaw({
    path: '/v1/audio/transcriptions',
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, 'RIFF')]),
    contentLength: CLAIMED_BYTES,
  });
}

function speech(input: string): Buffer {
  return drawRaw({
    path: '/v1/audio/speech',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...JOE, input, response_format: 'wav' }),
  });
}

/** Sends something, does something with the connection, and goes away without a word. */
async function leaveAfter(
  { port, end }: Site,
  sent: Buffer,
  then: (socket: Awaited<ReturnType<typeof openRaw>>) => Promise<void>,
): Promise<undefined> {
  const socket = await openRaw(port, end);
  try {
    socket.pause();
    await sendRaw(socket, sent);
    await then(socket);
  } finally {
    socket.destroy();
  }
}

function randomMs(from: number, to: number): number {
  return from + Math.random() * (to - from);
}

/** Stops in the middle of an upload and is gone. */
const halfUploader: Pest = {
  name: 'half-upload',
  act: (site) => leaveAfter(site, halfUpload(SENT_BYTES), async () => {}),
};

/** Stops in the middle of an upload, stays silent for a while, then is gone. */
const silentUploader: Pest = {
  name: 'silent-upload',
  act: (site) =>
    leaveAfter(site, halfUpload(SENT_BYTES / 10), async () => {
      await delay(randomMs(2_000, 6_000), undefined, { signal: site.end });
    }),
};

/** Asks and is gone before anything can have come back. */
const earlyLeaver: Pest = {
  name: 'gone-at-once',
  act: (site, turn) =>
    leaveAfter(site, speech(shortText(turn)), async () => {
      await delay(randomMs(0, 100), undefined, { signal: site.end });
    }),
};

/** Listens to the beginning of an answer and is gone. */
const midAnswerLeaver: Pest = {
  name: 'gone-in-answer',
  act: (site, turn) =>
    leaveAfter(site, speech(longText(turn)), async (socket) => {
      const wanted = Math.random() * 200_000;
      let bytes = 0;
      for await (const chunk of socket.resume()) {
        bytes += (chunk as Buffer).length;
        if (bytes >= wanted) return;
      }
    }),
};

/** Reads an answer at a kilobyte a second, for a while. */
const slowReader: Pest = {
  name: 'slow-reader',
  act: (site, turn) =>
    leaveAfter(site, speech(longText(turn)), async (socket) => {
      for (let second = 0; second < SLOW_SECONDS && !socket.destroyed; second += 1) {
        socket.read(SLOW_BYTES_A_SECOND);
        await delay(1_000, undefined, { signal: site.end });
      }
    }),
};

/** All clients that leave. */
export const LEAVING_PESTS: readonly Pest[] = [
  halfUploader,
  silentUploader,
  earlyLeaver,
  midAnswerLeaver,
  slowReader,
];
