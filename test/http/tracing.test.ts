import { afterEach, beforeEach, expect, it } from 'vitest';

import { NO_SPAN } from '../../src/protocol/trace.js';
import { Door } from '../support/door.js';

let door: Door;

beforeEach(async () => {
  door = await Door.open();
});
afterEach(() => door.close());

it('gives requests the span that does nothing where tracing is off', async () => {
  const handled = door.handled();
  const speech = { model: 'tts-1', voice: 'alloy', input: 'A text.' };
  const headers = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
  await door.postJson('/v1/audio/speech', speech, { headers });
  await handled;
  expect(door.router.requests.map(({ trace }) => trace)).toEqual([NO_SPAN]);
});
