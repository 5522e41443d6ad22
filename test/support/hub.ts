import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A request that a hub got. */
export interface HubCall {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A hub on loopback that answers as a test says, and remembers what it was asked. */
export interface TestHub {
  readonly url: string;
  readonly calls: HubCall[];
  close(): Promise<void>;
}

/** Starts a hub. */
export async function startHub(
  answer: (request: IncomingMessage, response: ServerResponse, call: number) => void,
): Promise<TestHub> {
  const calls: HubCall[] = [];
  const server = createServer((request, response) => {
    calls.push({ url: request.url ?? '', headers: request.headers });
    answer(request, response, calls.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends content as a hub does: with an ETag, and from the middle if the client asks for that. */
export function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  { content, etag = '"one"' }: { readonly content: Buffer; readonly etag?: string },
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const ifRange = request.headers['if-range'];
  const resumes = from > 0 && (ifRange === undefined || ifRange === etag);
  const body = resumes ? content.subarray(from) : content;
  response.writeHead(resumes ? 206 : 200, {
    etag,
    'content-length': body.length,
    ...(resumes && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  response.end(body);
}

/** SHA-256 in hex. */
export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A folder with one model of one or more files, and a cache of its own. */
export interface Workshop {
  readonly dir: string;
  readonly modelsDir: string;
  readonly cacheDir: string;
  readonly modelDir: string;
  remove(): Promise<void>;
}

/**
 * Writes a user's own model card; its files come from Hugging Face's `us/own`.
 * @param alsoFrom More kinds of hubs that have it.
 */
export async function workshop(
  files: Readonly<Record<string, Buffer>>,
  alsoFrom: readonly string[] = [],
): Promise<Workshop> {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-pull-'));
  const modelDir = join(dir, 'models', 'own');
  await mkdir(modelDir, { recursive: true });
  const card = {
    id: 'own',
    name: 'Own',
    description: 'A model of a test.',
    task: 'vad',
    engine: 'none',
    licence: 'MIT',
    languages: ['en'],
    files: Object.entries(files).map(([path, content]) => ({
      path,
      bytes: content.length,
      sha256: sha256(content),
      sources: ['huggingface', ...alsoFrom].map((type) => ({ type, repo: 'us/own', path })),
    })),
  };
  await writeFile(join(modelDir, 'model.yaml'), JSON.stringify(card));
  return {
    dir,
    modelsDir: join(dir, 'models'),
    cacheDir: join(dir, 'cache'),
    modelDir,
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
