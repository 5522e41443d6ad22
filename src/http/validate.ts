import type { z } from 'zod';
import { ChorusError } from '../protocol/errors.js';

/**
 * Checks a request's fields against a schema and names the first field at fault. A null counts as
 * absent: clients in typed languages send it for what was not set.
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  fields: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  const checked = schema.safeParse(present);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const param = String(issue?.path[0] ?? 'body');
  if (present[param] === undefined) {
    throw new ChorusError('missing_field', `The field ${param} is missing.`, { param });
  }
  throw new ChorusError('invalid_value', issue?.message ?? `${param} is not valid.`, { param });
}

/**
 * A number of a form's field, in digits and at most one point. Each character is looked at once or
 * twice: of two groups of digits that may share them a long text costs seconds.
 */
export const PLAIN_NUMBER = /^(?:\d+(?:\.\d+)?|\.\d+)$/;

/** Length of a text in Unicode code points, which is what users see as characters. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
