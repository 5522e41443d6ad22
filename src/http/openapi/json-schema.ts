import { z } from 'zod';
import type { JsonSchema, Parameter } from './document-types.js';

/**
 * Draws the JSON Schema of what a zod schema takes. What zod cannot draw (code that checks) stands
 * in the schema's own metadata; a test finds what would stay empty.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...drawn } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return drawn;
}

/** The properties of an object's schema. */
export function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
}

/** The names that must be there. */
export function requiredOf(schema: JsonSchema): readonly string[] {
  return (schema['required'] ?? []) as readonly string[];
}

/** The fields of an object's schema as parameters of a request. */
export function parametersOf(
  fields: z.ZodType | undefined,
  place: 'path' | 'query',
): readonly Parameter[] {
  if (fields === undefined) return [];
  const drawn = jsonSchemaOf(fields);
  const required = requiredOf(drawn);
  return Object.entries(propertiesOf(drawn)).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    ...(required.includes(name) && { required: true }),
    ...(typeof description === 'string' && { description }),
    schema,
  }));
}
