import { afterEach, describe, expect, it } from 'vitest';

import { startChorus, type ChorusProcess } from '../support/chorus-process.js';
import { signalProcess } from '../support/signal-process.js';

const COLOURS = ['red', 'green', 'yellow', 'black', 'white', 'orange'];
const TEXT = COLOURS.map((colour) => `The next house in this street is ${colour}.`).join(' ');

/** A real voice on real workers, one of which is killed while it speaks. */
describe('speech whose worker is killed', () => {
  let server: ChorusProcess;

  afterEach(async () => {
    await server?.stop();
  });

  async function transcribe(speech: Blob): Promise<string> {
    const form = new FormData();
    form.set('model', 'whisper-1');
    form.set('file', speech, 'speech');
    const answer = await fetch(`${server.url}/v1/audio/transcriptions`, {
      method: 'POST',
      body: form,
    });
    return ((await answer.json()) as { text: string }).text.toLowerCase();
  }

  it.each(['wav', 'mp3', 'opus'])(
    'goes on, and nothing is missing or twice (%s)',
    async (format) => {
      server = await startChorus({ TTS_GPUS: 'cpu,cpu', TTS_REPLICAS: '1', TTS_THREADS: '1' });
      const answer = await fetch(`${server.url}/v1/audio/speech`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'tts-1',
          voice: 'alloy',
          input: TEXT,
          response_format: format,
        }),
      });
      const id = answer.headers.get('x-chorus-worker');
      const reader = answer.body!.getReader();
      const parts = [(await reader.read()).value!];
      const health = (await (await fetch(`${server.url}/health`)).json()) as {
        workers: { id: string; pid: number }[];
      };
      signalProcess(health.workers.find((worker) => worker.id === id)!.pid, 'SIGKILL');
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parts.push(part.value);
      }
      const heard = await transcribe(new Blob([Buffer.concat(parts)]));
      const order = COLOURS.flatMap((colour) =>
        [...heard.matchAll(new RegExp(colour, 'g'))].map(({ index }) => ({ colour, index })),
      ).toSorted((a, b) => a.index - b.index);
      expect(order.map(({ colour }) => colour)).toEqual(COLOURS);
    },
  );
});
