import type { OpenApiOperation } from './document-types.js';

/** What an example is written for. */
export interface CurlTarget {
  readonly method: string;
  readonly path: string;
  /** Address of the server. */
  readonly url: string;
  readonly needsKey: boolean;
}

/** Single quotes keep a shell from reading what is in them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command that calls the operation. */
export function curlExample(operation: OpenApiOperation, target: CurlTarget): string {
  const { method, path, url, needsKey } = target;
  const isGuarded = operation.security.length > 0;
  const isNls = operation.security.some((scheme) => 'nlsToken' in scheme);
  const key = isNls ? '-H "X-NLS-Token: $TOKEN"' : '-H "Authorization: Bearer $API_KEY"';
  const parts = [
    // Braces are a pattern to curl.
    `curl ${quoted(url + path.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase()))}`,
    ...(method === 'get' ? [] : [`-X ${method.toUpperCase()}`]),
    ...(isGuarded && needsKey ? [key] : []),
    ...bodyParts(operation),
    ...(answersBytes(operation) ? ['-o answer'] : []),
  ];
  return parts.join(' \\\n  ');
}

function bodyParts({ requestBody }: OpenApiOperation): readonly string[] {
  return Object.entries(requestBody?.content ?? {}).flatMap(([type, { example }]) => {
    if (type === 'application/octet-stream') return ['--data-binary @speech.wav'];
    if (example === undefined) return [];
    if (type === 'application/json') {
      return ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(example))}`];
    }
    const fields = Object.entries(example as Readonly<Record<string, unknown>>);
    return fields.map(([name, value]) => `-F ${quoted(`${name}=${String(value)}`)}`);
  });
}

function answersBytes({ responses }: OpenApiOperation): boolean {
  return Object.values(responses).some(
    (response) =>
      'content' in response &&
      Object.keys(response.content ?? {}).some((type) => type.startsWith('audio/')),
  );
}
