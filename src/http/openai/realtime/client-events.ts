import { z } from 'zod';
import { ChorusError } from '../../../protocol/errors.js';

/** A client event: an object with a type, and perhaps an id of the client's. */
export interface ClientEvent {
  readonly type: string;
  readonly eventId: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

const MAX_EVENT_ID = 512;
const MAX_QUOTED = 64;
/** Events of sessions in which a model speaks. */
const OF_CONVERSATIONS = /^(?:conversation\.item|response|output_audio_buffer)\./;

const eventSchema = z.looseObject({
  type: z.string('type must be a text.'),
  event_id: z
    .string('event_id must be a text.')
    .max(MAX_EVENT_ID, `event_id must have at most ${MAX_EVENT_ID} characters.`)
    .nullish(),
});

/**
 * Reads a message.
 * @throws ChorusError `invalid_json`, `missing_field`, `invalid_value`.
 */
export function readClientEvent(text: string): ClientEvent {
  const value = parsed(text);
  const checked = eventSchema.safeParse(value);
  if (checked.success) {
    const { type, event_id: eventId, ...fields } = checked.data;
    return { type, eventId: eventId ?? undefined, fields };
  }
  const issue = checked.error.issues[0];
  const param = String(issue?.path[0] ?? '');
  if (param === 'type' && !Object.hasOwn(value as object, 'type')) {
    throw new ChorusError('missing_field', 'The field type is missing.', { param });
  }
  if (param !== '') throw new ChorusError('invalid_value', issue?.message ?? '', { param });
  throw new ChorusError('invalid_json', 'A message must be a JSON object.');
}

/** The refusal of a type that no handler has. */
export function unknownType(type: string): ChorusError {
  const quoted = type.length > MAX_QUOTED ? `${type.slice(0, MAX_QUOTED)}…` : type;
  const message = OF_CONVERSATIONS.test(type)
    ? `${quoted} is not part of transcription sessions.`
    : `There is no client event of type '${quoted}'.`;
  return new ChorusError('invalid_value', message, { param: 'type' });
}

/** The `audio` of an append. */
export function audioOf({ fields }: ClientEvent): string {
  const { audio } = fields;
  if (typeof audio === 'string') return audio;
  const details = { param: 'audio' };
  if (audio === undefined) {
    throw new ChorusError('missing_field', 'The field audio is missing.', details);
  }
  throw new ChorusError('invalid_value', 'audio must be a text in base64.', details);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ChorusError('invalid_json', 'The message is not valid JSON.');
  }
}
