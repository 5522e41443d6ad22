import type { ChorusError } from '../../protocol/errors.js';
import { openAiErrorBody } from './error-body.js';

/** Headers of an answer in events; caches and proxies must not gather them. */
export const EVENT_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache',
  'X-Accel-Buffering': 'no',
} as const;

/** Writes an event as the OpenAI family does: its type is in the data. */
export function eventOf(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** The event of a failed answer, as OpenAI's clients know it: they throw what it holds. */
export function errorEvent(error: ChorusError): string {
  return eventOf({ type: 'error', ...openAiErrorBody(error) });
}
