import type { JsonSchema } from './document-types.js';

function schemas(value: unknown): readonly JsonSchema[] {
  return Array.isArray(value) ? (value as JsonSchema[]) : [];
}

function typeNames({ type }: JsonSchema): readonly string[] {
  return [type].flat().filter((name): name is string => typeof name === 'string');
}

function listed(values: readonly unknown[]): string {
  return values.map((value) => `\`${String(value)}\``).join(', ');
}

/** A bound that says something; zod gives every integer those of what a number can hold. */
function bound(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
}

/** `0.25–4`, `at least 1`, `at most 9`; nothing where neither bound says anything. */
function range(min: unknown, max: unknown): string {
  const [low, high] = [bound(min), bound(max)];
  if (low !== undefined && high !== undefined) return `${low}–${high}`;
  if (low !== undefined) return `at least ${low}`;
  return high === undefined ? '' : `at most ${high}`;
}

function boundsOf(schema: JsonSchema): string {
  const number = range(schema['minimum'] ?? schema['exclusiveMinimum'], schema['maximum']);
  if (number !== '') return number;
  const length = range(schema['minLength'], schema['maxLength']);
  if (length !== '') return `${length} characters`;
  const items = range(schema['minItems'], schema['maxItems']);
  return items === '' ? '' : `${items} items`;
}

function kindOf(schema: JsonSchema): string {
  if (schema['format'] === 'binary') return 'file';
  return typeNames(schema).join(' or ') || 'any value';
}

/** Says in a few words what a field may be: `string, 1–256 characters`, `one of mp3, wav`. */
export function wordsOf(schema: JsonSchema): string {
  if (Array.isArray(schema['enum'])) return `one of ${listed(schema['enum'])}`;
  if (schema['const'] !== undefined) return listed([schema['const']]);
  const choices = schemas(schema['anyOf'] ?? schema['oneOf']);
  if (choices.length > 0) return [...new Set(choices.map(wordsOf))].join(' or ');
  const bounds = boundsOf(schema);
  const tail = bounds === '' ? '' : `, ${bounds}`;
  const { items } = schema;
  if (typeof items === 'object' && items !== null) {
    return `list of ${wordsOf(items as JsonSchema)}${tail}`;
  }
  return `${kindOf(schema)}${tail}`;
}
