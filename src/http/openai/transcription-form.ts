/** Fields of a form as schemas read them. */
export type FormFields = Readonly<Record<string, string | string[] | Record<string, string>>>;

/** Fields that hold a list. */
const LISTS = new Set(['timestamp_granularities', 'include']);
/** Fields that hold an object, unless they come as one text. */
const OBJECTS = new Set(['chunking_strategy']);

/**
 * Turns a form's texts into fields: `name[]` and `name` mean the same, `name[sub]` is a part of an
 * object, empty texts mean absent (a form sends every input that it has), and of repeated single
 * values the last one counts.
 */
export function formFields(texts: ReadonlyMap<string, readonly string[]>): FormFields {
  const fields = new Map<string, string | string[]>();
  const parts = new Map<string, Map<string, string>>();
  for (const [key, values] of texts) {
    const [, name = key, sub = ''] = /^([^[]*)\[([^\]]*)\]$/.exec(key) ?? [];
    const filled = values.filter((value) => value !== '');
    const last = filled.at(-1);
    if (last === undefined) continue;
    if (LISTS.has(name)) fields.set(name, [...listOf(fields.get(name)), ...filled]);
    else if (OBJECTS.has(name) && sub !== '') partsOf(parts, name).set(sub, last);
    else if (sub === '' || /^\d+$/.test(sub)) fields.set(name, last);
  }
  const objects = Array.from(parts, ([name, own]) => [name, Object.fromEntries(own)] as const);
  return { ...Object.fromEntries(objects), ...Object.fromEntries(fields) };
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

function partsOf(parts: Map<string, Map<string, string>>, name: string): Map<string, string> {
  const own = parts.get(name) ?? new Map<string, string>();
  parts.set(name, own);
  return own;
}
