import { createHash, randomUUID } from 'node:crypto';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A new id as NLS clients expect them: 32 hexadecimal digits. */
export function newTaskId(): string {
  return randomUUID().replaceAll('-', '');
}

/** The id of a request as NLS clients expect it; the same for the same request. */
export function taskIdOf(requestId: string): string {
  if (UUID.test(requestId)) return requestId.replaceAll('-', '');
  return createHash('sha256').update(requestId).digest('hex').slice(0, 32);
}
