/** Clients whose requests are wrong, and who wait for the answer that they deserve. */
import { drawRaw, openRaw, sendRaw, statusRaw } from './raw-connection.js';
import type { RawRequest } from './raw-connection.js';
import type { Pest } from './pest.js';
import type { Site } from './site.js';

const HUGE_HEADER_BYTES = 64 * 1024;
const NOISE_BYTES = 100_000;
const MULTIPART = 'multipart/form-data; boundary=b';
const FIELD = '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n';
const FILE = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n';

async function ask({ port, end }: Site, request: RawRequest): Promise<number> {
  const socket = await openRaw(port, end);
  try {
    const status = statusRaw(socket);
    await sendRaw(socket, drawRaw(request));
    return await status;
  } finally {
    socket.destroy();
  }
}

const BROKEN_BODIES = ['{"model":', '[1, 2', '"\u0000', '', '{"input": 1e999}', 'null', '{}x'];

const brokenJson: Pest = {
  name: 'broken-json',
  expected: [400],
  act: (site, turn) =>
    ask(site, {
      path: '/v1/audio/speech',
      headers: { 'content-type': 'application/json' },
      body: BROKEN_BODIES[turn % BROKEN_BODIES.length] ?? '',
    }),
};

const hugeHeaders: Pest = {
  name: 'huge-headers',
  // Node closes with bytes unread, and the reset can take the answer out of the client's hands.
  expected: [431, 0],
  act: (site) =>
    ask(site, {
      path: '/v1/audio/speech',
      headers: { 'x-huge': 'h'.repeat(HUGE_HEADER_BYTES) },
      body: '{}',
    }),
};

const BAD_FORMS: readonly Pick<RawRequest, 'headers' | 'body'>[] = [
  { headers: { 'content-type': 'multipart/form-data' }, body: `${FIELD}--b--\r\n` },
  { headers: { 'content-type': MULTIPART }, body: 'no part at all' },
  { headers: { 'content-type': MULTIPART }, body: FIELD + FILE },
  { headers: { 'content-type': MULTIPART }, body: `${FIELD}--b--\r\n` },
  { headers: { 'content-type': MULTIPART }, body: `${FILE}\r\n--b--\r\n` },
];

const badMultipart: Pest = {
  name: 'bad-multipart',
  expected: [400],
  act: (site, turn) =>
    ask(site, {
      path: '/v1/audio/transcriptions',
      headers: {},
      body: '',
      ...BAD_FORMS[turn % BAD_FORMS.length],
    }),
};

const noiseUploader: Pest = {
  name: 'noise-upload',
  expected: [400],
  act: (site, turn) =>
    ask(site, {
      path: '/v1/audio/transcriptions',
      headers: { 'content-type': MULTIPART },
      body: Buffer.concat([
        Buffer.from(FIELD + FILE),
        Buffer.alloc(NOISE_BYTES, `noise ${turn}`),
        Buffer.from('\r\n--b--\r\n'),
      ]),
    }),
};

/** All clients with wrong requests. */
export const WRONG_PESTS: readonly Pest[] = [brokenJson, hugeHeaders, badMultipart, noiseUploader];
