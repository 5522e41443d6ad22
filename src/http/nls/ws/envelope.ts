import { z } from 'zod';
import { ChorusError } from '../../../protocol/errors.js';
import { newTaskId } from '../task-id.js';

const ID = /^[\w-]{1,64}$/;
const idBound = 'must be 1 to 64 letters, digits, - or _';

const object = (field: string) =>
  z.record(z.string(), z.unknown(), `${field} must be an object.`).nullish();

const name = (field: string) =>
  z
    .string(`header.${field} must be a string.`)
    .min(1, `header.${field} must not be empty.`)
    .max(64, `header.${field} must have at most 64 characters.`);

const id = (field: string) =>
  z.string(`header.${field} must be a string.`).regex(ID, `header.${field} ${idBound}.`);

/** What every message of an NLS client has. Some clients send messages without a payload. */
export const envelopeSchema = z.object({
  header: z.object(
    {
      namespace: name('namespace'),
      name: name('name'),
      task_id: id('task_id'),
      message_id: id('message_id').nullish(),
      appkey: z
        .string('header.appkey must be a string.')
        .max(256, 'header.appkey must have at most 256 characters.')
        .nullish(),
    },
    'header must be an object with namespace, name and task_id.',
  ),
  payload: object('payload'),
  context: object('context'),
});

/** A message of a client. */
export interface ClientMessage {
  readonly namespace: string;
  readonly name: string;
  readonly taskId: string;
  /** Absent where the client presents none. */
  readonly appkey: string | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * Reads a client's message.
 * @throws ChorusError `invalid_json` that names what is wrong.
 */
export function readMessage(text: string): ClientMessage {
  const read = envelopeSchema.safeParse(jsonOf(text));
  if (!read.success) {
    const what = read.error.issues[0]?.message ?? 'The message is not valid.';
    throw new ChorusError('invalid_json', what, { param: 'header' });
  }
  const { header, payload } = read.data;
  return {
    namespace: header.namespace,
    name: header.name,
    taskId: header.task_id,
    appkey: header.appkey || undefined,
    payload: payload ?? {},
  };
}

/** A parser's own message quotes the text at fault, so it stays here. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ChorusError('invalid_json', 'The message is not valid JSON.');
  }
}

/** What a message to a client says. */
export interface ServerMessage {
  readonly namespace: string;
  readonly name: string;
  readonly taskId: string;
  readonly status: number;
  readonly statusText: string;
  readonly payload?: object;
}

/** Writes a message to a client. */
export function messageText(message: ServerMessage): string {
  const { namespace, name, taskId, status, statusText, payload = {} } = message;
  const header = {
    namespace,
    name,
    status,
    message_id: newTaskId(),
    task_id: taskId,
    status_text: statusText,
    // FunSpeech's spelling of the same.
    status_message: statusText,
  };
  return JSON.stringify({ header, payload });
}
