const NUMBER = /^[-+]?\d{1,9}(?:\.\d{1,9})?$/;

/** Fields as they came. */
export type LooseFields = Readonly<Record<string, unknown>>;

/** The fields of a query; of repeated ones the last counts, and empty ones count as absent. */
export function queryFields(query: URLSearchParams): LooseFields {
  return Object.fromEntries([...query].filter(([, value]) => value !== ''));
}

/** Numbers may come as texts: a query has nothing else, and some clients write JSON so. */
export function withNumbers(fields: LooseFields, names: readonly string[]): LooseFields {
  const numbers = names.flatMap((name) => {
    const value = fields[name];
    return typeof value === 'string' && NUMBER.test(value) ? [[name, Number(value)] as const] : [];
  });
  return { ...fields, ...Object.fromEntries(numbers) };
}
