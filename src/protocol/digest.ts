import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Takes a digest when it is asked for, and once only: behind it may be a file of many megabytes. */
export function onceTaken(take: () => Promise<string>): () => Promise<string> {
  let digest: Promise<string> | undefined;
  return () => (digest ??= take());
}

/** Names a request by everything that its answer depends on. */
export function digestOf(request: object): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('base64');
}

/**
 * Names a request with a file: its fields and the file's content. The file is read in small chunks,
 * each of which holds up other requests for some 50 µs, and only while inputs are under suspicion.
 */
export async function digestOfFile(path: string, fields: object): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(fields));
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('base64');
}
