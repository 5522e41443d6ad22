import type { JsonSchema } from './document-types.js';
import { propertiesOf, requiredOf } from './json-schema.js';
import { wordsOf } from './schema-words.js';

/** Deeper than this nobody reads. */
const MAX_DEPTH = 4;

/** A field as a line of a table. */
export interface FieldRow {
  /** With the names of what it stands in, such as `segments[].start`. */
  readonly name: string;
  readonly words: string;
  readonly isRequired: boolean;
  /** As JSON; undefined = none. */
  readonly fallback?: string | undefined;
  readonly description: string;
}

/** The fields of an object, with those of the objects in it. */
export function rowsOf(schema: JsonSchema, prefix = '', depth = 0): readonly FieldRow[] {
  const required = requiredOf(schema);
  return Object.entries(propertiesOf(schema)).flatMap(([name, field]) => {
    const row: FieldRow = {
      name: `${prefix}${name}`,
      words: wordsOf(field),
      isRequired: required.includes(name),
      fallback: field['default'] === undefined ? undefined : JSON.stringify(field['default']),
      description: typeof field['description'] === 'string' ? field['description'] : '',
    };
    return [row, ...(depth < MAX_DEPTH ? innerRows(field, row.name, depth + 1) : [])];
  });
}

function innerRows(field: JsonSchema, name: string, depth: number): readonly FieldRow[] {
  const { items } = field;
  if (typeof items === 'object' && items !== null) {
    return innerRows(items as JsonSchema, `${name}[]`, depth);
  }
  const choices = (field['anyOf'] ?? []) as readonly JsonSchema[];
  const rows = [field, ...choices].flatMap((one) => rowsOf(one, `${name}.`, depth));
  const lists = choices.filter((one) => one['items'] !== undefined);
  return [...rows, ...lists.flatMap((one) => innerRows(one, name, depth))];
}
