import { Agent, request } from 'undici';

import { CALL_HEADER, REQUEST_HEADER } from '../../src/protocol/calls.js';
import { readFrames } from '../../src/protocol/frames.js';

/** A way to the workers. */
export interface Door {
  readonly name: string;
  /**
   * Has a text spoken and listens to the end.
   * @throws Error if the answer is no whole one.
   */
  speak(id: string, text: string): Promise<void>;
}

/** Answers may take as long as they take, and nobody waits for another's connection. */
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connections: null });
const JSON_TYPE = { 'content-type': 'application/json' };

/** The front door of our server. */
export function chorusDoor(url: string): Door {
  return {
    name: 'chorus',
    async speak(_, text) {
      const { body } = await post(`${url}/v1/audio/speech`, JSON_TYPE, {
        model: 'scripted',
        voice: 'joe',
        input: text,
        response_format: 'pcm',
      });
      await body.dump();
    },
  };
}

/** A load balancer, behind which the workers' own data sockets are. */
export function peerDoor(name: string, url: string): Door {
  return {
    name,
    async speak(id, text) {
      const headers = { ...JSON_TYPE, [CALL_HEADER]: id, [REQUEST_HEADER]: id };
      const asked = { model: 'scripted', voice: 'joe', text, speed: 1 };
      const { body } = await post(`${url}/speech`, headers, asked);
      let last: unknown;
      for await (const frame of readFrames(body)) if (frame.kind === 'json') last = frame.value;
      if ((last as { readonly type?: string } | undefined)?.type === 'done') return;
      throw new Error(`${name}: the answer ended with ${JSON.stringify(last)}.`);
    },
  };
}

async function post(
  url: string,
  headers: Record<string, string>,
  body: object,
): ReturnType<typeof request> {
  const answer = await request(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    dispatcher: agent,
  });
  if (answer.statusCode === 200) return answer;
  throw new Error(`${url}: ${answer.statusCode} ${await answer.body.text()}`);
}
