import { connect, type Socket } from 'node:net';

/** What a request to a scripted server says beside its script. */
export interface SpeakOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

function bodyOf(input: string, fields: SpeakOptions['fields'] = {}): string {
  return JSON.stringify({
    model: 'scripted',
    voice: 'joe',
    input,
    response_format: 'pcm',
    ...fields,
  });
}

/** Asks a scripted server to run a script; the answer is PCM. */
export function speakTo(
  url: string,
  input: string,
  { headers, fields, signal }: SpeakOptions = {},
): Promise<Response> {
  return fetch(`${url}/v1/audio/speech`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: bodyOf(input, fields),
    ...(signal && { signal }),
  });
}

/** Asks for a script's speech over a socket of its own from which nothing is read yet. */
export function speakUnread(url: string, input: string, options: SpeakOptions = {}): Socket {
  const { hostname, port } = new URL(url);
  const body = bodyOf(input, options.fields);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.write(
    'POST /v1/audio/speech HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n' +
      `Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return socket;
}
