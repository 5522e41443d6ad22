import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { eventually } from '../../support/eventually.js';
import { NlsSpeechClient } from '../../support/nls-speech-client.js';
import { NlsSpeechDoor } from '../../support/nls-speech-door.js';

type Move = (client: NlsSpeechClient) => void;

const anyPayload = fc.oneof(
  fc.constant({}),
  fc.record(
    {
      text: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('One. Two. '), fc.jsonValue()),
      format: fc.constantFrom('pcm', 'WAV', 'mp3', 'x', 1),
      sample_rate: fc.constantFrom(8_000, 22_050, 7, null),
      volume: fc.constantFrom(0, 50, 101, 'x'),
      enable_subtitle: fc.constantFrom(true, false, null),
    },
    { requiredKeys: [] },
  ),
);
const anyMove: fc.Arbitrary<Move> = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => (client: NlsSpeechClient) => client.run(text)),
  fc.constant<Move>((client) => client.run('One. Two. ')),
  fc.constant<Move>((client) => client.stop()),
  fc.tuple(fc.constantFrom('StartSynthesis', 'RunSynthesis', 'Nothing', ''), anyPayload).map(
    ([name, payload]) =>
      (client: NlsSpeechClient) =>
        client.send(name, payload),
  ),
  fc.uint8Array({ maxLength: 9 }).map((bytes) => (client: NlsSpeechClient) => {
    client.webSocket.send(bytes);
  }),
  fc.string().map((text) => (client: NlsSpeechClient) => client.webSocket.send(text)),
  fc.constant<Move>((client) => client.webSocket.terminate()),
);
const anyStart = fc.record({
  namespace: fc.constantFrom(
    ...['FlowingSpeechSynthesizer', 'SpeechSynthesizer', 'SpeechLongSynthesizer', 'Nothing'],
  ),
  payload: anyPayload,
});

describe('whatever a client of the doors that speak sends', () => {
  let door: NlsSpeechDoor;

  beforeEach(async () => {
    door = await NlsSpeechDoor.open();
  });

  afterEach(() => door.close());

  it('ends with a reason, and leaves no place taken', async () => {
    await fc.assert(
      fc.asyncProperty(anyStart, fc.array(anyMove, { maxLength: 12 }), async (start, moves) => {
        const client = await NlsSpeechClient.connect(door.url);
        client.begin(start);
        for (const move of moves) if (client.webSocket.readyState === 1) move(client);
        // Too much of anything that is still in order.
        if (client.webSocket.readyState === 1) client.webSocket.send('{');
        const { code } = await client.closed;
        expect([1006, 1008]).toContain(code);
        if (code === 1008) expect(client.names).toContain('TaskFailed');
        await eventually(() => {
          expect(door.held).toBe(0);
          expect(door.router.streams.every(({ closed }) => closed)).toBe(true);
        });
      }),
      { numRuns: 150 },
    );
    const client = await NlsSpeechClient.connect(door.url);
    expect((await client.speak(['One.'])).length).toBeGreaterThan(0);
    client.webSocket.terminate();
  });

  it('or does not read, the voice waits for it', async () => {
    const client = await NlsSpeechClient.connect(door.url);
    client.webSocket.pause();
    const text = 'A sentence of forty letters, or about it. '.repeat(2_000);
    client.begin({ namespace: 'SpeechLongSynthesizer', payload: { text } });
    await eventually(() => expect(door.router.leases.at(-1)?.isPaused).toBe(true));
    const parts = door.spoken.length;
    // All of it would be 42 parts of 2 MB each.
    expect(parts).toBeLessThan(20);
    client.webSocket.resume();
    await client.next('SynthesisCompleted');
    expect(door.spoken.join('').trim()).toBe(text.trim());
    client.webSocket.terminate();
  });
});
